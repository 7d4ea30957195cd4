"""A streaming text becomes chunks that can be spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patter.engines.pipeline.sentences import LONGEST, Sentences

PIECES = st.lists(
    st.text(st.sampled_from("ab .,!?\n3。，\"'"), max_size=60) | st.text(max_size=40), max_size=20
)


def chunks(*pieces: str) -> list[str]:
    sentences = Sentences()
    return [*(chunk for piece in pieces for chunk in sentences.push(piece)), *sentences.flush()]


@given(PIECES)
def test_the_chunks_are_the_text(pieces: list[str]) -> None:
    text, spoken = "".join(pieces), "".join(chunks(*pieces))
    assert text.startswith(spoken)
    assert not text[len(spoken) :].strip()


@given(PIECES)
def test_no_chunk_runs_away(pieces: list[str]) -> None:
    assert all(0 < len(chunk) <= LONGEST for chunk in chunks(*pieces))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("We open at nine. We close at ten.", ["We open at nine. ", "We close at ten."]),
        ("It costs 3.50 euros today. Fine.", ["It costs 3.50 euros today. ", "Fine."]),
        ("Version 2.0.1 is out now! Take it.", ["Version 2.0.1 is out now! ", "Take it."]),
        ("Ask Dr. Miller about it. She knows.", ["Ask Dr. Miller about it. ", "She knows."]),
        ("Bring fruit, e.g. apples or pears. Bye.", ["Bring fruit, e.g. apples or pears. ", "Bye."]),
        ("This is from J. Smith himself. Bye.", ["This is from J. Smith himself. ", "Bye."]),
        ("Take platform No. 5 over there. Bye.", ["Take platform No. 5 over there. ", "Bye."]),
        ("I am sorry, no. We are closed.", ["I am sorry, no. ", "We are closed."]),
        ("Well, it was me and I. Then you.", ["Well, it was me and I. ", "Then you."]),
        ("Wait for it... Now you know it.", ["Wait for it... ", "Now you know it."]),
        ('He said "we are open." Then left.', ['He said "we are open." ', "Then left."]),
        ("Hi. Yes. No. Maybe so.", ["Hi. Yes. No. ", "Maybe so."]),
        ("你好世界。今天天气很好。", ["你好世界。", "今天天气很好。"]),
        ("First line of it\nsecond line", ["First line of it\n", "second line"]),
        ("1. First\n2. Second thing\n3. Third", ["1. First\n2. Second thing\n", "3. Third"]),
        ("We were founded in 1999. Then came more.", ["We were founded in 1999. ", "Then came more."]),
        ("No end at all", ["No end at all"]),
        ("   ", []),
    ],
)
def test_where_a_sentence_ends(text: str, wanted: list[str]) -> None:
    assert chunks(text) == wanted
    assert chunks(*text) == wanted, "letter by letter"


def test_a_long_first_sentence_begins_with_its_first_clause() -> None:
    text = "If you would like to come by tomorrow morning, we could show you all, and more, of it."
    assert chunks(text)[0] == "If you would like to come by tomorrow morning, "
    assert chunks("First this one. ", text)[1] == text, "only the first sentence is hurried"


@pytest.mark.parametrize("text", ["word " * 200, "x" * 1000, "a clause, " * 100, "很" * 1000])
def test_a_text_without_ends_is_cut_anyway(text: str) -> None:
    assert all(len(chunk) <= LONGEST for chunk in chunks(*text))
