"""A line that brings the agent's own voice back: its words do not stop it, and a caller's same words do."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerAsk
from patter.bridge.plan import TurnTaking
from patter.testing.scene import VOICE, Scene

LONG = "We open at nine in the morning and close at ten in the evening, every day but Sunday."
PLAYED = "the morning and close"
"""Words that are being played when the voice begins, 1.5 s into the reply."""


def speaking(*, echoes: bool) -> Scene:
    """The agent says ``LONG``, on a line that has brought short answers back, or not."""
    call = Scene(turn_taking=TurnTaking(barge_in_confirm_ms=3000)).open()
    for _ in range(2):
        call.says("hello")
        call.handler_says("Yes.")
        call.pass_ms(200)
        if echoes:  # its voice begins and ends 200 ms after ours
            call.pass_ms(200, VOICE)
        call.pass_ms(1500)
    call.says("tell me everything")
    call.handler_says(LONG)
    call.pass_ms(1500)
    call.pass_ms(400, VOICE)
    return call


@pytest.mark.parametrize(
    ("echoes", "words", "stops"),
    [
        (True, PLAYED, False),
        (True, "at nine in the", True),  # played too long ago to come back now
        (True, "no, on Sunday", True),
        (False, PLAYED, True),  # whoever repeats them on this line is the caller
    ],
)
def test_words_are_an_echo_only_where_the_line_echoes_and_when_they_are_played(
    echoes: bool, words: str, stops: bool
) -> None:
    call = speaking(echoes=echoes)
    call.hears(words, final=False, end_of_turn=False)
    assert ("reply.cut" in call.kinds) is stops
    call.hears(words)
    assert (call.last(HandlerAsk).text == words) is stops
    call.pass_ms(9000)
    assert (("assistant", LONG) in call.turns) is not stops
    call.check()
