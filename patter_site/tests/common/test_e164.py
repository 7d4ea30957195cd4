import pytest

from patter_site.common.e164 import NotANumber, checked_e164


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("+14155550100", "+14155550100"),
        (" +41 44 668 18 00", "+41446681800"),
        ("+1 (415) 555-0100", "+14155550100"),
    ],
)
def test_numbers_are_taken_with_blanks_and_signs(given, expected):
    assert checked_e164(given) == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("4155550100", "+ and the country code first"),
        ("", "+ and the country code first"),
        ("+999123456", "No country has this code"),
        ("+1415555", "too few digits"),
        ("+141555501001234", "too many digits"),
        ("+", "not a telephone number"),
        ("+abc", "not a telephone number"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(given, words):
    with pytest.raises(NotANumber, match=words.replace("+", r"\+")):
        checked_e164(given)
