"""Answers that break off, and words that nothing may come between."""

from __future__ import annotations

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import HandlerAsk, LlmAsk, ToolRun, TtsSay
from patter.bridge.events import (
    DigitPressed,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    LlmDelta,
    LlmDone,
    LlmToolCall,
    MachineHeard,
    ToolDone,
    TtsFailed,
)
from patter.bridge.keypad import Keypad
from patter.bridge.plan import Phrases
from patter.testing.scene import Scene

RETRY = Phrases().retry
RETRY_CHUNKS = ["Sorry, I did not get that.", "Could you say it again?"]
FILLER = Phrases().filler


def said(call: Scene) -> list[str]:
    return [say.text.strip() for say in call.all(TtsSay)]


def test_an_answer_that_breaks_off_between_two_words_is_followed_by_the_retry_phrase() -> None:
    call = Scene().open()
    call.says("what are your hours")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "We open "), HandlerFailed(turn_id, "handler_error"))
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", f"We open {RETRY}")


def test_a_voice_that_fails_in_mid_sentence_says_nothing_more_of_that_reply() -> None:
    call = Scene(speaks=False).open()
    call.says("what are your hours")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "We open at nine every day of the week. And we close"))
    say_id = call.last(TtsSay).say_id
    call.feed(TtsFailed(say_id, "gone", permanent=True))
    call.feed(HandlerDelta(turn_id, " at five."), HandlerDone(turn_id))
    call.pass_ms(3000)
    assert said(call) == ["We open at nine every day of the week.", *RETRY_CHUNKS]
    assert all("close" not in text for _, text in call.turns)


def with_tool(text: str) -> Scene:
    call = Scene(reply_by="model").open()
    call.says("look it up")
    ask_id = call.last(LlmAsk).ask_id
    call.feed(LlmDelta(ask_id, text), LlmToolCall(ask_id, "c1", "look_up", "{}"), LlmDone(ask_id))
    return call


def test_no_filler_comes_between_long_words_and_their_tool() -> None:
    words = "I will look that up for you in the big book of all the things that we ever had in stock, "
    call = with_tool(f"{words}and in the small one too, as soon as I have found my glasses.")
    call.pass_ms(9900)
    assert FILLER not in said(call) and len(call.all(LlmAsk)) == 1
    call.pass_ms(300)
    assert FILLER not in said(call) and len(call.all(LlmAsk)) == 2  # the tool was waited for long enough


def test_a_model_that_thinks_after_its_tool_has_answered_is_not_excused_again() -> None:
    call = with_tool("Let me see.")
    call.pass_ms(1500)
    call.feed(ToolDone(call.last(ToolRun).run_id, {"found": True}))
    call.pass_ms(8000)
    assert FILLER not in said(call)


def test_keys_that_a_machine_pressed_do_not_cut_what_is_left_on_it() -> None:
    plan = AnsweringPlan(detect=True, on_machine="ask")
    call = Scene(direction="outbound", answering=plan, keypad=Keypad(collect=True)).open()
    call.feed(DigitPressed("1"), MachineHeard("machine", beep=True))
    call.handler_says("This is a message for you, from all of us at the office.")
    call.pass_ms(6000)
    assert call.end is not None and call.end.reason == "voicemail"
    assert ("assistant", "This is a message for you, from all of us at the office.") in call.turns
    assert ("user", "[DTMF: 1]") in call.turns and len(call.all(HandlerAsk)) == 1
