"""A closed list: what is heard is one of its phrases, as written, or nothing."""

import pytest

from patter.engines.stt.offline.phrases import Phrases, fold
from patter.errors import ConfigError

PHRASES = Phrases(["Yes, please!", "I\u2019d like a table", "I'd like the menu now", "around seven o'clock"])


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("yes please", "Yes, please!"),
        ("i'd like a table", "I\u2019d like a table"),
        ("around seven", "around seven o'clock"),
        ("i'd like the", "I'd like the menu now"),
        ("i'd like", ""),
        ("around", ""),
        ("please", ""),
        ("", ""),
    ],
)
def test_only_a_whole_or_nearly_whole_phrase_is_meant(heard: str, meant: str) -> None:
    assert PHRASES.meant(heard) == meant


def test_a_part_is_shown_as_written() -> None:
    assert PHRASES.so_far("yes") == "Yes,"
    assert PHRASES.so_far("seven o'clock") == "seven o'clock"


def test_the_grammar_holds_nothing_but_words() -> None:
    assert Phrases(["Yes; <b>please</b> | no"]).jsgf().endswith("= ( yes b please b no );\n")


@pytest.mark.parametrize("phrases", [[], ["..."], ["table 4"], ["für zwei"]])
def test_what_cannot_be_recognised_is_refused(phrases: list[str]) -> None:
    with pytest.raises(ConfigError):
        Phrases(phrases)


def test_folding_keeps_apostrophes_within_words() -> None:
    assert fold("'O\u2019Clock', it's TIME!") == "o'clock it's time"
