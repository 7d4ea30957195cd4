"""The agent's own words, or a caller who repeats them."""

from __future__ import annotations

import pytest

from patter.bridge.script import Script
from patter.engines.pipeline.echo import EchoLine, follows, repeats

OFFER = "Would you like beef or chicken? It comes with rice."


def script() -> Script:
    made = Script()
    span = made.begin_span(OFFER)
    made.add_audio(span, 4000)
    made.complete_span(span)
    return made


@pytest.mark.parametrize(
    ("text", "voice_after_ms", "echo"),
    [
        ("chicken", 200, True),
        ("Chicken.", 599, True),
        ("chicken", -100, False),  # before it was said
        ("chicken", 700, False),  # 600 ms or more after it began: the caller has heard it
        ("chicken", 1300, False),
        ("chicken it comes", 300, True),
        ("chicken please", 300, False),
        ("beef", 300, False),
        ("beef or chicken", -500, True),
        ("beef or chicken", 300, False),
        ("", 300, False),
    ],
)
def test_words_that_follow_ours(text: str, voice_after_ms: int, echo: bool) -> None:
    made = script()
    chicken_ms = min(ms for ms in range(4000) if made.heard_text(ms).endswith(" or"))
    assert follows(text, made, chicken_ms + voice_after_ms) is echo


@pytest.mark.parametrize(
    ("text", "reply", "echo"),
    [
        ("at nine in the", "We open at nine in the morning.", True),
        ("At NINE, in", "We open at nine in the morning.", True),
        ("nine at", "We open at nine in the morning.", False),
        ("morning", "We open at nine in the morning.", False),
        ("", "Anything", False),
    ],
)
def test_words_without_a_voice(text: str, reply: str, echo: bool) -> None:
    assert repeats(text, reply) is echo


def line(*voices: tuple[int, int]) -> EchoLine:
    """We play from 1000 to 2000 ms and from 3000 to 4000; the caller's line has these voices."""
    made = EchoLine()
    for ms in range(0, 6000, 20):
        if 1000 <= ms < 2000 or 3000 <= ms < 4000:
            made.played(200, ms)
        for began, ended in voices:
            if ms == began:
                made.voice_began(ms)
            if ms == ended:
                made.voice_ended(ms)
    return made


@pytest.mark.parametrize(
    ("voices", "shown"),
    [
        ([], False),
        ([(1200, 2200)], True),
        ([(1100, 1500)], False),  # ended while we went on
        ([(1700, 2300)], False),  # began in the middle of our sentence
        ([(1200, 2200), (3200, 4200)], True),
        ([(1200, 2200), (3700, 4900)], True),
        ([(1700, 2900), (3200, 4200)], True),
        ([(5000, 5500)], False),  # we were silent
    ],
)
def test_a_line_shows_its_echo_by_its_edges(voices: list[tuple[int, int]], shown: bool) -> None:
    assert line(*voices).shown is shown
