"""Times of characters as times of words in our own text."""

import pytest

from patter.bridge.events import WordTime
from patter.engines.tts.elevenlabs.words import Words


def times(text, ms=10, start=0):
    return {
        "chars": list(text),
        "charStartTimesMs": [start + ms * at for at in range(len(text))],
        "charDurationsMs": [ms] * len(text),
    }


def test_each_word_ends_with_its_last_character():
    words = Words("Yes, Ada.").feed(times("Yes, Ada. "), 0)
    assert words == (WordTime(0, 4, 40), WordTime(5, 9, 90))


@pytest.mark.parametrize("cut", range(1, 10))
def test_pieces_may_cut_a_word_anywhere(cut):
    words, text = Words("Yes, Ada."), "Yes, Ada. "
    found = words.feed(times(text[:cut]), 0) + words.feed(times(text[cut:]), 10 * cut)
    assert found == (WordTime(0, 4, 40), WordTime(5, 9, 90))


def test_a_space_in_front_and_lines_within():
    found = Words("  One\n\ntwo").feed(times("One two "), 0)
    assert [(word.start, word.end) for word in found] == [(2, 5), (7, 10)]


def test_what_the_provider_added_or_left_out_is_passed_over():
    found = Words("Hi “Ada”, bye").feed(times("Hi Ada#, bye "), 0)
    assert [(word.start, word.end) for word in found] == [(0, 2), (3, 9), (10, 13)]


def test_times_never_run_backwards():
    words = Words("One two")
    first = words.feed(times("One "), 500)
    assert words.feed(times("two "), 0)[0].end_ms >= first[0].end_ms


def test_either_spelling_of_the_times_is_read():
    given = times("One ")
    other = {"chars": given["chars"], "charsStartTimesMs": given["charStartTimesMs"]}
    other["charsDurationsMs"] = given["charDurationsMs"]
    assert Words("One").feed(other, 0) == Words("One").feed(given, 0) != ()


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        {"chars": ["a"]},
        {"chars": None, "charStartTimesMs": None},
        {"chars": 5, "charStartTimesMs": [0], "charDurationsMs": [1]},
        {"chars": ["O"], "charStartTimesMs": [None], "charDurationsMs": [1]},
        {"chars": ["O"], "charStartTimesMs": [0], "charDurationsMs": ["soon"]},
        {"chars": ["O"], "charStartTimesMs": 0, "charDurationsMs": [1]},
    ],
)
def test_without_times_there_are_no_words(given):
    assert Words("One").feed(given, 0) == ()
