"""Two things at once: a caller who speaks, a tool that runs, a line that breaks, a transfer that waits."""

from __future__ import annotations

import json

import pytest

from patter.bridge.commands import HandlerAsk, LlmAsk, LlmStop, ToolRun, ToolStop, TransferStart
from patter.bridge.events import (
    DigitPressed,
    LegLost,
    LegOpened,
    LlmDelta,
    LlmDone,
    LlmToolCall,
    ToolDone,
)
from patter.bridge.keypad import Keypad
from patter.bridge.plan import TurnTaking
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.testing.scene import VOICE, Scene

DESK = TransferPolicy((TransferTarget("desk", "+15550009999"),))
LOOKING = "Let me look into that for you right away, please hold on."
GREETING = "Hello, this is Acme, how can we help you on this lovely day?"


def asking(**plan: object) -> Scene:
    call = Scene(reply_by="model", **plan).open(age_ms=2500)  # type: ignore[arg-type]
    call.says("help me please")
    return call


def calling(*tools: str, text: str, **plan: object) -> Scene:
    """The model says ``text`` and calls tools in the same answer."""
    call = asking(**plan)
    ask = call.last(LlmAsk).ask_id
    said = [LlmDelta(ask, text)] if text else []
    target = json.dumps({"target": "desk"})
    call.feed(*said, *(LlmToolCall(ask, name, name, target) for name in tools), LlmDone(ask))
    return call


def line_breaks(call: Scene, *meanwhile: object) -> None:
    """The stream is gone for 2 s, and what the carrier had buffered with it."""
    call.feed(LegLost("1006"))
    call._buffer.clear()
    for event in meanwhile:
        call.feed(event)  # type: ignore[arg-type]
    call.now += 2
    call.tick()
    call.media_ms = 0
    call.feed(LegOpened("MZ2", "CA1", "AC1"))


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_tool_answers_while_a_voice_over_the_reply_is_being_judged(goes_on: bool) -> None:
    call = calling("book", text=LOOKING)
    call.pass_ms(1200)
    call.pass_ms(200, VOICE)
    assert call.kinds[-1] == "barge_in.suspected"
    call.feed(ToolDone(call.last(ToolRun).run_id, {"table": 7}))
    call.model_says("You have table seven.")
    if goes_on:
        call.pass_ms(8000)
        assert call.turns[-1] == ("assistant", f"{LOOKING} You have table seven.")
    else:
        call.hears("no, wait")
        heard = call.turns[-1][1]
        assert LOOKING.startswith(heard) and len(heard) < len(LOOKING)
        roles = [message["role"] for message in call.last(LlmAsk).messages]
        assert roles == ["user", "assistant", "tool", "assistant", "user"]
    call.check()


def test_of_two_tools_the_slow_one_is_stopped_by_a_caller_and_the_fast_one_s_result_stays() -> None:
    call = calling("fast", "slow", text="")
    fast, slow = call.all(ToolRun)
    call.feed(ToolDone(fast.run_id, {"fast": 1}))
    call.pass_ms(1000)
    call.hears("and quickly")
    assert [stop.run_id for stop in call.all(ToolStop)] == [slow.run_id]
    results = [message["content"] for message in call.last(LlmAsk).messages if message["role"] == "tool"]
    assert json.loads(results[0]) == {"fast": 1} and "went on" in results[1]
    asks = len(call.all(LlmAsk))
    call.feed(ToolDone(slow.run_id, {"slow": 1}))
    assert len(call.all(LlmAsk)) == asks, "nobody waits for it any more"
    call.check()


@pytest.mark.parametrize("over", ["okay", "a cough", "no, stop"])
def test_words_over_the_announcement_of_a_transfer_decide_whether_it_begins(over: str) -> None:
    call = calling("transfer_call", text="I will put you through to the desk now.", transfers=DESK)
    call.pass_ms(1500)
    call.pass_ms(200, VOICE)
    if over != "a cough":
        call.hears(over)
    call.pass_ms(6000)
    assert bool(call.all(TransferStart)) is (over != "no, stop")
    call.check()


@pytest.mark.parametrize("what", ["a reply", "a suspicion", "a tool", "a goodbye", "a filler"])
def test_a_line_that_breaks_and_comes_back_loses_nothing(what: str) -> None:
    tool = {"a tool": "book", "a goodbye": "end_call"}.get(what)
    call = asking() if what == "a filler" else calling(*([tool] if tool else []), text=LOOKING)
    call.pass_ms(1600)
    if what == "a suspicion":
        call.pass_ms(200, VOICE)
        assert call.kinds[-1] == "barge_in.suspected"
    line_breaks(call, *([ToolDone(call.last(ToolRun).run_id, {})] if what == "a tool" else []))
    said = LOOKING
    if what in ("a tool", "a filler"):
        call.model_says("Here it is.")
        said = "Here it is." if what == "a filler" else f"{LOOKING} Here it is."
    call.pass_ms(9000)
    assert [text for role, text in call.turns if role == "assistant"] == [said]
    assert (call.end is not None) is (what == "a goodbye")
    call.check()


def test_what_a_model_says_after_its_time_is_nothing() -> None:
    call = Scene(reply_by="model", turn_taking=TurnTaking(handler_timeout_s=3)).open()
    call.says("hello there")
    ask = call.last(LlmAsk).ask_id
    call.pass_ms(3100)
    assert [stop.ask_id for stop in call.all(LlmStop)] == [ask]
    call.feed(LlmDelta(ask, "Late words. "), LlmToolCall(ask, "x", "book", "{}"), LlmDone(ask))
    call.pass_ms(6000)
    assert call.turns[-1] == ("assistant", "Sorry, I did not get that. Could you say it again?")
    assert not call.all(ToolRun)
    call.check()


def test_keys_within_the_greeting_are_an_entry_and_words_after_them_a_turn() -> None:
    call = Scene(first_message=GREETING, keypad=Keypad(collect=True, max_digits=4)).open()
    call.pass_ms(800)
    call.feed(DigitPressed("1"))
    call.pass_ms(300)
    call.feed(DigitPressed("2"))
    call.hears("sales please")
    greeting, entry, words = call.last(HandlerAsk).history
    assert GREETING.startswith(greeting["text"]) and entry["text"] == "[DTMF: 12]"
    assert (len(call.all(HandlerAsk)), words["text"]) == (1, "sales please")
    call.check()
