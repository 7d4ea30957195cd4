"""A handler that failed three times running: the agent's policy says who goes on with the caller."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, LlmAsk, TransferStart
from patter.bridge.events import HandlerFailed, LlmDelta, LlmDone
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
