"""Custom parameters: what carriers cannot take along is said before anybody is phoned."""

from __future__ import annotations

import pytest

from patter import ConfigError
from patter.carriers.params import MOST_PARAMS, check_params, taken_along, texts_of
from patter.carriers.telnyx.words import custom_params as from_telnyx
from patter.carriers.twilio.words import custom_params as from_twilio

BAD = [
    ("", "v", "printable text, and not empty"),
    (" ", "v", "printable text, and not empty"),
    ("na\nme", "v", "printable text"),
    ("k", "v" * 499, "under 500 characters together"),
    ("k", "bell\x07", "without control characters"),
    ("k", "half \ud83d", "without control characters"),
    ("X-Ticket Id", "v", "a SIP header, with letters"),
    ("x-ümlaut", "v", "a SIP header, with letters"),
    ("X-Ticket", "two\r\nlines", "one line"),
]
GOOD = {"k": "v" * 498, "X-Ticket": "42", "note": "two\nlines", "Größe": "é", "x": ""}


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_the_one_that_cannot_go_is_named(name, value, sentence):
    with pytest.raises(ConfigError, match=sentence):
        check_params({"fine": "1", name: value})


def test_what_can_go_may():
    check_params(GOOD)
    check_params({})


def test_a_value_is_a_text_a_number_or_a_truth_value():
    assert texts_of({"a": "A", "n": 7, "r": 2.5, "yes": True}) == {
        "a": "A",
        "n": "7",
        "r": "2.5",
        "yes": "true",
    }
    for value in (None, [], {}, b"bytes"):
        with pytest.raises(ConfigError, match="'order' is a text, a number or a truth value, not"):
            texts_of({"order": value})


def test_there_is_a_most():
    check_params({f"k{at}": "v" for at in range(MOST_PARAMS)})
    with pytest.raises(ConfigError, match="at most 50 custom parameters, not 51"):
        check_params({f"k{at}": "v" for at in range(MOST_PARAMS + 1)})


def test_a_caller_is_never_refused_for_theirs():
    pairs = [(name, value) for name, value, _ in BAD]
    assert taken_along([*pairs, *GOOD.items()]) == GOOD
    many = {f"k{at}": "v" for at in range(60)}
    assert list(from_twilio(many, [])) == list(many)[:MOST_PARAMS]
    assert len(from_telnyx({f"X-k{at}": "v" for at in range(60)})) == MOST_PARAMS


def test_twilio_gives_them_in_two_ways():
    headers = {"SipHeader_X-Ticket": "42", "SipHeader_Via": "1", "SipHeader_X-Bad Id": "1", "From": "+1"}
    query = {"call": "c1", "campaign": "spring"}
    assert from_twilio(query, headers.items()) == {"campaign": "spring", "X-Ticket": "42"}
