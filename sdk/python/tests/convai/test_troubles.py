"""ElevenLabs fails at each moment of a call: it goes on, or ends with an apology and a reason."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from patter.bridge.plan import TurnTaking
from patter.engines.convai import line
from patter.simulators.elevenlabs import Fault
from patter.simulators.elevenlabs.convai_brain import Answer
from patter.simulators.script import HangUp, Listen, Say

from .home import ADA, OUR, Home, agent_of

GREETING = "Hello, this is Acme."
APOLOGY = "Sorry, something went wrong on our side. Please try again later. Goodbye."


async def call(sim: Any, home: Home, steps: list[Any], reply_by: str = "model", **plan: Any) -> Any:
    home.options = home.options or {"agent_id": agent_of(home, reply_by)}
    home.plan = {"reply_by": reply_by, "first_message": GREETING, **plan}
    carried = await sim.dial_in(OUR, ADA, steps)
    await carried.ended()
    # Nothing stays open behind a call.
    async with asyncio.timeout(5):
        await asyncio.gather(*(each.closed.wait() for each in home.vendor.convai.conversations))
    engines = [task for task in asyncio.all_tasks() if "/patter/engines/" in _file_of(task)]
    assert engines == []
    return carried


def _file_of(task: asyncio.Task[Any]) -> str:
    return str(getattr(getattr(task.get_coro(), "cr_code", None), "co_filename", ""))


@pytest.mark.parametrize(
    ("door", "fault"),
    [
        ("signed_url", Fault(status=500)),
        ("signed_url", Fault(status=429)),
        ("signed_url", Fault(garbage=True)),
        ("signed_url", Fault(late_s=2)),
        ("conversation", Fault(status=503)),
        ("conversation", Fault(late_s=2)),
        ("conversation", Fault(garbage=True)),
        ("answer", Fault(cut_after=0)),
        ("answer", Fault(code="tts_cascade_error")),
        ("answer", Fault(status=1011, code="unknown_websocket_crash")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_trouble_that_passes_costs_a_moment(sim, home, door, fault):
    home.deadlines = replace(home.deadlines, signed_url_s=0.5, connect_s=0.5)
    home.vendor.faults.add(door, fault)
    home.vendor.convai.ways.utterances = ["one"]
    await call(sim, home, [Say("a"), HangUp()])
    assert home.turns == [("assistant", GREETING), ("user", "one"), ("assistant", "You said one.")]


@pytest.mark.supports("a spoken apology when the provider is down", mode="convai", reply_by="model")
@pytest.mark.parametrize(
    ("door", "fault", "words"),
    [
        ("signed_url", Fault(status=401), "invalid_api_key"),
        ("signed_url", Fault(status=500), "internal_server_error"),
        ("conversation", Fault(status=403), "HTTP 403"),
        ("answer", Fault(cut_after=0), "ElevenLabs failed"),
        ("answer", Fault(code="llm_timeout"), "longer than 20 s"),
        ("answer", Fault(code="safety_violation"), "content policy"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_trouble_that_stays_ends_with_an_apology_and_a_reason(sim, home, door, fault, words):
    home.vendor.faults.always(door, fault)
    await call(sim, home, [Listen()])
    assert home.ended.reason == "provider_error"
    assert home.spoken_by_carrier == [APOLOGY]
    assert words in home.noted("speech.ended")[-1]["reason"]


async def test_an_agent_that_was_not_set_up_is_told_in_words(sim, home):
    home.options = {"agent_id": home.vendor.convai.add_agent()}
    await call(sim, home, [Listen()])
    assert home.ended.reason == "provider_error"
    [ended] = home.noted("speech.ended")
    assert ended["reason"].startswith("an override is not allowed by the ElevenLabs agent")


async def test_a_conversation_that_never_begins_is_given_up(sim, home, monkeypatch):
    monkeypatch.setattr(line, "READY_WITHIN_S", 0.5)
    home.vendor.faults.always("conversation", Fault(silent=True))
    await call(sim, home, [Listen()])
    assert home.ended.reason == "provider_error" and home.spoken_by_carrier == [APOLOGY]
    assert len(home.vendor.convai.conversations) == line.MOST_TRIES


@pytest.mark.parametrize("reply_by", ["handler", "model"])
async def test_a_line_that_breaks_while_the_answer_is_awaited(sim, home, reply_by):
    """The new conversation answers what is open, and a handler is asked once."""
    home.vendor.convai.ways.utterances = ["one"]
    home.vendor.faults.add("answer", Fault())
    home.vendor.faults.add("answer", Fault(cut_after=0))
    await call(sim, home, [Say("a"), HangUp()], reply_by)
    assert home.turns == [("assistant", GREETING), ("user", "one"), ("assistant", "You said one.")]
    assert [ask.text for ask in home.asked] == (["one"] if reply_by == "handler" else [])
    _, again = home.vendor.convai.conversations
    assert again.initiation["conversation_config_override"]["agent"]["first_message"] == ""
    assert reply_by == "handler" or GREETING in again.contexts[0]


async def test_an_answer_that_stalls_is_told_as_far_as_it_was_heard(sim, home):
    long = "We open at nine. We close at five. And on Sundays we are closed all day."
    home.vendor.convai.ways.script = lambda text: Answer(long)
    home.vendor.convai.ways.utterances = ["when"]
    home.vendor.faults.add("answer", Fault())
    home.vendor.faults.add("answer", Fault(stall_after=9))
    await call(sim, home, [Say("a"), HangUp()])
    assert home.turns[-1] == ("assistant", "We open at nine.")
    assert home.ended.transcript[-1]["full_text"] == long


async def test_the_vendors_own_time_limit_ends_with_a_goodbye(sim, home):
    home.options = {"agent_id": agent_of(home, "model")}
    [agent] = home.vendor.convai.agents.values()
    agent["conversation_config"]["conversation"]["max_duration_seconds"] = 3
    await call(sim, home, [Listen()])
    assert home.ended.reason == "max_duration"


async def test_the_vendors_own_end_call_is_heard_to_its_end(sim, home):
    home.vendor.convai.ways.script = lambda text: Answer("Goodbye then.", ends=True)
    home.vendor.convai.ways.utterances = ["bye"]
    await call(sim, home, [Say("a"), Listen()])
    assert home.ended.reason == "agent_ended"
    assert home.turns[-1] == ("assistant", "Goodbye then.")


async def test_a_key_that_is_wrong_for_replies_ends_the_call(sim, home):
    home.options = {"agent_id": agent_of(home, "handler")}
    home.vendor.convai.secrets["secret_1"]["value"] = "wrong"
    home.vendor.convai.ways.utterances = ["one"]
    await call(sim, home, [Say("a"), Listen()], "handler")
    assert home.ended.reason == "provider_error" and home.asked == []
    assert "could not get a reply from Patter" in home.noted("speech.ended")[-1]["reason"]


async def test_a_caller_who_hangs_up_in_the_middle_leaves_nothing_behind(sim, home):
    home.vendor.convai.ways.pace_s = 0.2
    await call(sim, home, [HangUp(at_ms=900)])
    assert home.ended.reason == "caller_hung_up"
    assert home.vendor.convai.conversations[0].close_code in (1000, 1005)


async def test_a_handler_that_fails_is_excused_and_then_given_up(sim, home):
    home.reply = lambda text: RuntimeError("boom")
    home.vendor.convai.ways.utterances = ["one", "two", "three"]
    await call(sim, home, [Say("a"), Say("b"), Say("c"), Listen()], "handler")
    assert home.ended.reason == "handler_lost"
    retry = "Sorry, I did not get that. Could you say it again?"
    assert [text for role, text in home.turns if role == "assistant"] == [GREETING, retry, retry, APOLOGY]


async def test_a_handler_that_takes_long_is_bridged_with_a_filler(sim, home):
    home.reply_late_s = 2.0
    home.vendor.convai.ways.utterances = ["one"]
    await call(sim, home, [Say("a"), HangUp()], "handler", turn_taking=TurnTaking(filler_after_ms=500))
    assert ("system", "One moment, please.") in home.turns
    assert home.turns[-1] == ("assistant", "You said one.")


async def test_the_vendor_that_asks_again_gets_the_same_answer(sim, home):
    home.reply_late_s = 1.0
    home.vendor.convai.ways.llm_again_after_s = 0.4
    home.vendor.convai.ways.utterances = ["one"]
    await call(sim, home, [Say("a"), HangUp()], "handler")
    assert [ask.text for ask in home.asked] == ["one"]
    assert home.turns[-1] == ("assistant", "You said one.")
