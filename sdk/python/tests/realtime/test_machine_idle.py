"""A silent caller in a Realtime call is asked as often as the agent says, and anew once they answered."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HangUp
from patter.bridge.events import DigitPressed
from patter.bridge.plan import Phrases, TurnTaking
from patter.testing.realtime_scene import Scene

IDLE, GOODBYE = Phrases().idle, Phrases().goodbye


def asked_after_silence(call: Scene) -> str:
    """What the session is asked to read aloud when the caller has said nothing for 3 s; it is heard."""
    known = len(call.of_type("response.create"))
    call.pass_ms(3100)
    [request] = call.of_type("response.create")[known:]
    text = str(request["response"]["instructions"].rpartition("\n\n")[2])
    call.reads(text)
    call.pass_ms(1200)
    return text


@pytest.mark.parametrize("by", ["words", "a key"])
def test_whoever_answers_is_asked_as_often_again(by: str) -> None:
    call = Scene(turn_taking=TurnTaking(idle_prompt_s=3))
    assert [asked_after_silence(call), asked_after_silence(call)] == [IDLE, IDLE]
    if by == "words":
        call.says("yes, I am here")
        call.replies("Good.")
    else:
        call.feed(DigitPressed("1"))
        call.reads("Good.")
    call.pass_ms(1000)
    said = [asked_after_silence(call) for _ in range(3)]
    assert said == [IDLE, IDLE, GOODBYE] and call.all(HangUp)
