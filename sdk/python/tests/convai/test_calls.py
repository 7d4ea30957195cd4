"""Whole calls: a carrier's media socket in front, an ElevenLabs agent behind, in real time."""

from __future__ import annotations

from typing import Any

import pytest

from patter.bridge.plan import TurnTaking
from patter.simulators.script import HangUp, Listen, Say
from patter.simulators.twilio import TwilioSimulator
from patter.simulators.twilio.call import Call

from .home import ADA, OUR, Home, agent_of

BOTH = pytest.mark.parametrize("reply_by", ["handler", "model"])
GREETING = "Hello, this is Acme."


async def call(sim: TwilioSimulator, home: Home, reply_by: str, steps: list[Any], **plan: Any) -> Call:
    home.options = {"agent_id": agent_of(home, reply_by)}
    home.plan = {"reply_by": reply_by, "first_message": GREETING, **plan}
    carried = await sim.dial_in(OUR, ADA, steps)
    await carried.ended()
    return carried


@pytest.mark.supports("greeting", "several turns", mode="convai")
@BOTH
async def test_greeting_and_three_turns(sim, home, reply_by):
    home.vendor.convai.ways.utterances = ["one", "two", "three"]
    await call(sim, home, reply_by, [Say("a"), Say("b"), Say("c"), HangUp()])
    answers = [[("user", text), ("assistant", f"You said {text}.")] for text in ("one", "two", "three")]
    assert home.turns == [("assistant", GREETING), *answers[0], *answers[1], *answers[2]]
    assert home.ended.reason == "caller_hung_up"
    if reply_by == "handler":
        assert [ask.text for ask in home.asked] == ["one", "two", "three"]
        assert list(home.asked[-1].history)[-1] == {"role": "user", "text": "three"}
        assert len(home.asked[-1].history) == 6


async def test_silence_is_asked_and_then_ends_the_call(sim, home):
    values = TurnTaking(idle_prompt_s=1, idle_prompts=1)
    await call(sim, home, "handler", [Listen()], turn_taking=values)
    assert [text for _, text in home.turns] == [GREETING, "Are you still there?", "Goodbye."]
    assert home.ended.reason == "idle"
