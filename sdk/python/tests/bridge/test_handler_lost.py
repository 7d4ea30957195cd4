"""A handler that failed three times running: the agent's policy says who goes on with the caller."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, LlmAsk, TransferStart
from patter.bridge.events import HandlerDone, HandlerFailed, LlmDelta, LlmDone, LlmFailed, TransferMoved
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.testing.scene import Scene

POLICY = TransferPolicy((TransferTarget("the office", "+14155550123"),))


def failed_three_times(**plan: object) -> Scene:
    call = Scene(**plan).open()  # type: ignore[arg-type]
    for text in ("one two", "three four", "five six"):
        call.says(text)
        call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_lost"))
        call.pass_ms(100 if text == "five six" else 4000)
    return call


def test_a_model_goes_on_with_what_was_said() -> None:
    call = failed_three_times(handler_policy="model")
    asked = call.last(LlmAsk)
    assert [m["content"] for m in asked.messages if m["role"] == "user"] == [
        "one two",
        "three four",
        "five six",
    ]
    call.feed(LlmDelta(asked.ask_id, "I can help as well."), LlmDone(asked.ask_id))
    call.pass_ms(3000)
    assert call.turns[-1] == ("assistant", "I can help as well.")
    assert "handler.replaced" in call.kinds
    handlers = len(call.all(HandlerAsk))
    call.says("seven eight")
    assert len(call.all(HandlerAsk)) == handlers
    assert call.last(LlmAsk) is not asked
    assert call.end is None


def test_a_human_takes_the_caller() -> None:
    call = failed_three_times(handler_policy="transfer", handler_transfer="the office", transfers=POLICY)
    assert call.last(TransferStart).number == "+14155550123"
    assert call.end is None


def test_nobody_to_transfer_to_is_the_goodbye() -> None:
    call = failed_three_times(handler_policy="transfer", handler_transfer="nowhere", transfers=POLICY)
    call.pass_ms(9000)
    assert not call.all(TransferStart)
    assert call.end is not None
    assert call.end.reason == "handler_lost"


def test_a_human_who_does_not_answer_leaves_the_goodbye() -> None:
    call = failed_three_times(handler_policy="transfer", handler_transfer="the office", transfers=POLICY)
    started = call.last(TransferStart)
    call.feed(TransferMoved(started.transfer_id, "failed", "no_answer"))
    call.pass_ms(9000)
    assert call.end is not None
    assert call.end.reason == "handler_lost"
    assert len(call.all(TransferStart)) == 1


def test_a_model_that_fails_as_well_says_goodbye() -> None:
    call = failed_three_times(handler_policy="model")
    for text in ("seven eight", "nine ten", ""):
        call.feed(LlmFailed(call.last(LlmAsk).ask_id, "down"))
        call.pass_ms(4000)
        if text:
            call.says(text)
    call.pass_ms(9000)
    assert call.end is not None
    assert call.end.reason == "provider_error"


def test_an_answer_or_a_deliberate_silence_in_between_counts_anew() -> None:
    call = Scene(handler_policy="goodbye").open()
    for said in ("fails", "fails", "answers", "fails", "fails", "is silent", "fails", "fails"):
        call.says(f"one {said} two")
        turn_id = call.last(HandlerAsk).turn_id
        if said == "fails":
            call.feed(HandlerFailed(turn_id, "handler_timeout"))
        elif said == "answers":
            call.handler_says("Here I am.")
        else:
            call.feed(HandlerDone(turn_id))
        call.pass_ms(3000)
    assert call.end is None
    assert ("assistant", "Here I am.") in call.turns
    call.says("once more")
    call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_timeout"))
    call.pass_ms(9000)
    assert call.end is not None, "and three running are three"
    assert call.end.reason == "handler_lost"
