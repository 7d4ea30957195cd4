"""A silent caller is asked as often as the agent says, and then left; whoever answers is asked anew."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerAsk, TtsSay
from patter.bridge.events import DigitPressed, HandlerDone
from patter.bridge.plan import TurnTaking
from patter.testing.scene import Scene

IDLE, GOODBYE = "Are you still there?", "Goodbye."
THREE_S = TurnTaking(idle_prompt_s=3)


def said(call: Scene) -> list[str]:
    return [say.text for say in call.all(TtsSay)]


@pytest.mark.parametrize("prompts", [0, 1, 2, 3])
def test_they_are_asked_so_often_and_then_left(prompts: int) -> None:
    call = Scene(turn_taking=TurnTaking(idle_prompt_s=3, idle_prompts=prompts)).open()
    call.pass_ms(30_000)
    assert said(call) == [IDLE] * prompts + [GOODBYE]
    assert call.end is not None and call.end.reason == "idle"
    call.check()


@pytest.mark.parametrize("by", ["words", "a key"])
def test_whoever_answers_is_asked_as_often_again(by: str) -> None:
    call = Scene(turn_taking=THREE_S).open()
    call.pass_ms(7500)
    assert said(call) == [IDLE, IDLE]
    if by == "words":
        call.says("yes I am here")
    else:
        call.feed(DigitPressed("1"))
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    call.pass_ms(20_000)
    assert said(call) == [IDLE, IDLE, IDLE, IDLE, GOODBYE]
    call.check()
