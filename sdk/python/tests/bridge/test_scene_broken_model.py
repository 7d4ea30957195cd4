"""A model breaks off within an answer: what was said in whole sentences stays, and the next one goes on."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerAsk, LlmAsk, LlmStop, ToolRun, TtsSay
from patter.bridge.events import (
    HandlerDelta,
    HandlerFailed,
    LlmDelta,
    LlmDone,
    LlmFailed,
    LlmToolCall,
    ToolDone,
)
from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.asking import GO_ON
from patter.testing.scene import Scene

BEGUN = "We open at nine. And we cl"


def breaks(text: str = BEGUN, **plan: object) -> Scene:
    call = Scene(reply_by="model", **plan).open()  # type: ignore[arg-type]
    call.says("when do you open")
    ask = call.last(LlmAsk).ask_id
    call.feed(*(LlmDelta(ask, piece) for piece in ([text] if text else [])), LlmFailed(ask, "cut"))
    return call


def says(call: Scene) -> list[str]:
    return [say.text for say in call.all(TtsSay)]


def test_the_next_one_goes_on_from_the_last_whole_sentence() -> None:
    call = breaks()
    assert call.last(LlmAsk).messages[-3:] == [
        {"role": "user", "content": "when do you open"},
        {"role": "assistant", "content": "We open at nine."},
        {"role": "system", "content": GO_ON},
    ]
    call.feed(LlmDelta(call.all(LlmAsk)[0].ask_id, "ose at six."), LlmDone(call.all(LlmAsk)[0].ask_id))
    call.model_says("We close at ten.")
    call.pass_ms(3000)
    assert says(call) == ["We open at nine.", "We close at ten."]
    assert call.turns == [("user", "when do you open"), ("assistant", "We open at nine. We close at ten.")]
    assert "reply.broken" in call.kinds and "reply.failed" not in call.kinds
    call.check()


def test_where_nothing_was_spoken_yet_it_is_asked_anew() -> None:
    call = breaks("We op")
    assert call.last(LlmAsk).messages == call.all(LlmAsk)[0].messages
    call.model_says("At nine.")
    call.pass_ms(1000)
    assert call.turns[-1] == ("assistant", "At nine.")


def test_an_answer_that_was_whole_needs_no_rest() -> None:
    call = breaks("We open at nine. ")
    call.model_says("")
    call.pass_ms(2000)
    assert call.turns == [("user", "when do you open"), ("assistant", "We open at nine.")]


@pytest.mark.parametrize("how", ["fails", "is silent", "knows no more"])
def test_a_second_break_is_told_the_caller(how: str) -> None:
    call = breaks(turn_taking=TurnTaking(handler_timeout_s=3))
    if how == "fails":
        call.feed(LlmFailed(call.last(LlmAsk).ask_id, "cut"))
    if how == "knows no more":
        call.model_says("")
    call.pass_ms(7500)
    assert call.turns[-1][1].startswith("We open at nine. Sorry, I did not get that.")
    assert len(call.all(LlmAsk)) == 2
    call.check()


def test_a_model_that_falls_silent_is_stopped_and_asked_for_the_rest() -> None:
    call = Scene(reply_by="model", turn_taking=TurnTaking(handler_timeout_s=3)).open()
    call.says("when do you open")
    call.feed(LlmDelta(call.last(LlmAsk).ask_id, BEGUN))
    call.pass_ms(3100)
    assert [stop.ask_id for stop in call.all(LlmStop)] == [call.all(LlmAsk)[0].ask_id]
    assert call.last(LlmAsk).messages[-1]["content"] == GO_ON


def test_a_model_that_never_said_a_word_is_not_asked_twice() -> None:
    call = breaks("")
    assert len(call.all(LlmAsk)) == 1
    assert says(call)[0] == "Sorry, I did not get that."


def test_tools_that_ran_before_are_not_run_again() -> None:
    call = Scene(reply_by="model").open()
    call.says("when do you open")
    call.model_says("Let me look.", tool="hours")
    call.feed(ToolDone(call.last(ToolRun).run_id, {"open": "nine"}))
    ask = call.last(LlmAsk).ask_id
    call.feed(LlmDelta(ask, "We open at nine, I see. And"))
    call.feed(LlmToolCall(ask, "x", "hours", "{}"), LlmFailed(ask, "cut"))
    roles = [message["role"] for message in call.last(LlmAsk).messages]
    assert roles == ["user", "assistant", "tool", "assistant", "system"]
    assert call.last(LlmAsk).messages[-2]["content"] == "We open at nine, I see."
    call.model_says("Until ten.")
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", "Let me look. We open at nine, I see. Until ten.")
    assert len(call.all(ToolRun)) == 1
    call.check()


def test_a_caller_who_speaks_over_the_rest_is_heard() -> None:
    call = breaks()
    call.pass_ms(700)
    call.hears("thank you that is all")
    assert call.turns[-1] == ("assistant", "We open at")
    assert call.last(LlmAsk).messages[-1]["content"] == "thank you that is all"
    call.check()


def test_a_handler_s_words_are_its_own() -> None:
    call = Scene().open()
    call.says("when do you open")
    turn = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn, BEGUN), HandlerFailed(turn, "handler_error"))
    assert says(call)[:2] == ["We open at nine.", "And we cl"]
    assert len(call.all(HandlerAsk)) == 1
