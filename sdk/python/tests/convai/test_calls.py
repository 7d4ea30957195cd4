"""Whole calls: a carrier's media socket in front, an ElevenLabs agent behind, in real time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from patter.bridge.events import DigitPressed
from patter.bridge.plan import TurnTaking
from patter.simulators.elevenlabs.convai_brain import Answer
from patter.simulators.script import HangUp, Listen, Over, Say
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


LONG = "We open at nine in the morning. Then we serve lunch until three. And at night we dance until two."


@pytest.mark.supports("speaking over a reply", mode="convai")
@BOTH
async def test_barge_in(sim, home, reply_by):
    home.reply = lambda text: [LONG] if text == "tell me" else ["Fine."]
    home.vendor.convai.ways.script = lambda text: Answer(LONG if text == "tell me" else "Fine.")
    home.vendor.convai.ways.utterances = ["tell me", "stop"]
    carried = await call(sim, home, reply_by, [Say("a"), Over("bb", after_ms=1500), HangUp()])
    assert any(fact.kind == "cleared" for fact in carried.facts)
    role, heard = home.turns[2]
    assert role == "assistant" and heard.startswith("We open at nine") and "dance" not in heard
    assert home.turns[3:] == [("user", "stop"), ("assistant", "Fine.")]
    cut = home.ended.transcript[2]
    assert cut["interrupted"] and cut["full_text"] == LONG
    if reply_by == "handler":
        assert home.cancelled == [("t2", heard)] or home.cancelled[0][1] == heard


@pytest.mark.supports("keys", mode="convai")
@BOTH
async def test_a_key_is_a_turn_and_stops_the_agent(sim, home, reply_by):
    script = {"tell me": LONG, "[DTMF: 1]": "Sales it is."}
    home.reply = lambda text: [script[text]]
    home.vendor.convai.ways.script = lambda text: Answer(script[text])
    home.vendor.convai.ways.utterances = ["tell me"]
    home.options = {"agent_id": agent_of(home, reply_by)}
    home.plan = {"reply_by": reply_by, "first_message": GREETING}
    carried = await sim.dial_in(OUR, ADA, [Say("a"), HangUp()])
    await carried.reached("agent_started", 2)
    await asyncio.sleep(0.5)  # a word or two is heard
    home.session.feed(DigitPressed("1"))
    await carried.ended()
    assert home.turns[-2:] == [("user", "[DTMF: 1]"), ("assistant", "Sales it is.")]
    assert home.turns[2][1].startswith("We open") and "dance" not in home.turns[2][1]
    assert carried.of_kind("cleared")


@pytest.mark.supports("tools", mode="convai", reply_by="model")
async def test_a_tool_of_the_agent(sim, home):
    answers = {"is it there": Answer("Let me look.", tool=("check", {"item": "a table"}))}
    home.vendor.convai.ways.script = lambda text: answers.get(text) or Answer("Three are left.")
    home.vendor.convai.ways.utterances = ["is it there"]
    await call(sim, home, "model", [Say("a"), HangUp()])
    [run] = home.tools_run
    assert (run.name, run.arguments) == ("check", {"item": "a table"})
    assert home.turns[-1] == ("assistant", "Let me look. Three are left.")
    [result] = home.vendor.convai.conversations[0].tool_results
    assert (result["result"], result["is_error"]) == ('{"stock": 3}', False)


@pytest.mark.supports("the agent ends the call", mode="convai", reply_by="model")
async def test_the_agent_ends_the_call_when_its_goodbye_was_heard(sim, home):
    home.vendor.convai.ways.script = lambda text: Answer("Thank you, goodbye.", tool=("end_call", {}))
    home.vendor.convai.ways.utterances = ["bye"]
    carried = await call(sim, home, "model", [Say("a"), Listen()])
    assert home.ended.reason == "agent_ended"
    assert home.turns[-1] == ("assistant", "Thank you, goodbye.")
    assert carried.status == "completed"


async def test_silence_is_asked_and_then_ends_the_call(sim, home):
    values = TurnTaking(idle_prompt_s=1, idle_prompts=1)
    await call(sim, home, "handler", [Listen()], turn_taking=values)
    assert [text for _, text in home.turns] == [GREETING, "Are you still there?", "Goodbye."]
    assert home.ended.reason == "idle"
