"""A handler that failed three times running: the agent's policy says who goes on. On the test's own clock."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, LlmAsk, LlmStop, TransferStart
from patter.bridge.events import (
    HandlerDelta,
    HandlerFailed,
    LegOpened,
    LegStopped,
    LlmDelta,
    LlmDone,
    LlmFailed,
    TransferMoved,
)
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.convai.wire import Interruption

from .scene import LONG, ConvaiScene, greeted

OFFICE = TransferPolicy((TransferTarget("the office", "+14155550123"),))
RETRY = "Sorry, I did not get that. Could you say it again?"
APOLOGY = "Sorry, something went wrong on our side. Please try again later. Goodbye."
THROUGH = "One moment, I will put you through."


def failed_three_times(**plan: object) -> tuple[ConvaiScene, str]:
    """Gives the vendor's last request too."""
    call = greeted(system_prompt="Be kind.", **plan)
    for at, text in enumerate(("one", "two", "three"), 1):
        ask = call.wants(text, at)
        call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_error"))
        if at < 3:
            call.agent_says(RETRY)
            call.pass_ms(3700)
    return call, ask


def test_usually_the_call_ends_with_an_apology() -> None:
    call, ask = failed_three_times()
    assert call.given(ask) == APOLOGY and call.ended(ask)
    call.agent_says(APOLOGY)
    call.pass_ms(6000)
    assert call.end is not None and call.end.reason == "handler_lost"
    assert call.turns[-1] == ("assistant", APOLOGY)


def test_a_model_goes_on_with_what_was_said() -> None:
    call, ask = failed_three_times(handler_policy="model")
    asked = call.last(LlmAsk)
    assert asked.messages[0] == {"role": "system", "content": "Be kind."}
    assert [m["content"] for m in asked.messages if m["role"] == "user"] == ["one", "two", "three"]
    late = HandlerDelta(call.last(HandlerAsk).turn_id, "I am back. ")
    call.feed(late, LlmDelta(asked.ask_id, "I can help as well."), LlmDone(asked.ask_id))
    assert call.given(ask) == "I can help as well. " and call.ended(ask)
    call.agent_says("I can help as well.")
    call.pass_ms(3000)
    assert call.turns[-1] == ("assistant", "I can help as well.")
    assert "handler.replaced" in call.kinds
    handlers = len(call.all(HandlerAsk))
    call.wants("four", 4)
    assert len(call.all(HandlerAsk)) == handlers and call.last(LlmAsk) is not asked
    call.check()


def test_a_model_is_stopped_where_the_caller_speaks_over_it_and_may_fail_too() -> None:
    call, _ = failed_three_times(handler_policy="model")
    call.feed(LlmDelta(call.last(LlmAsk).ask_id, LONG))
    call.agent_says(LONG)
    call.pass_ms(1500)
    call.gets(Interruption(call.event_id))
    assert call.all(LlmStop) == [LlmStop(call.last(LlmAsk).ask_id)]
    for at in (4, 5, 6):
        ask = call.wants("and now", at)
        if at == 5:
            call.pass_ms(20_100)  # it says nothing
        else:
            call.feed(LlmFailed(call.last(LlmAsk).ask_id, "no credit"))
        if at < 6:
            call.agent_says(RETRY)
            call.pass_ms(3700)
    assert call.given(ask) == APOLOGY
    call.agent_says(APOLOGY)
    call.pass_ms(6000)
    assert call.end is not None and call.end.reason == "provider_error"


def test_a_human_takes_the_caller_who_is_told_so() -> None:
    call, ask = failed_three_times(handler_policy="transfer", handler_transfer="the office", transfers=OFFICE)
    assert call.given(ask) == THROUGH
    call.agent_says(THROUGH)
    call.pass_ms(1000)
    assert not call.all(TransferStart)
    call.pass_ms(2500)
    assert call.last(TransferStart).number == "+14155550123" and call.end is None


def test_a_caller_who_speaks_over_that_is_put_through_at_once() -> None:
    call, _ = failed_three_times(handler_policy="transfer", handler_transfer="the office", transfers=OFFICE)
    call.agent_says(THROUGH)
    call.pass_ms(800)
    call.gets(Interruption(call.event_id))
    assert call.all(TransferStart)


def test_nobody_who_takes_the_caller_is_an_apology() -> None:
    call, _ = failed_three_times(handler_policy="transfer", handler_transfer="the office", transfers=OFFICE)
    call.pass_ms(4100)  # the agent does not say it
    started = call.last(TransferStart)
    call.feed(LegStopped(), TransferMoved(started.transfer_id, "failed", "busy", returns=True))
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    call.agent_says(APOLOGY)
    call.pass_ms(6000)
    assert call.end is not None and call.end.reason == "handler_lost"


def test_nobody_to_transfer_to_is_an_apology() -> None:
    call, _ = failed_three_times(handler_policy="transfer", handler_transfer="nowhere", transfers=OFFICE)
    call.agent_says(THROUGH)
    call.pass_ms(3500)
    call.agent_says(APOLOGY)
    call.pass_ms(6000)
    assert call.end is not None and call.end.reason == "handler_lost"
    assert not call.all(TransferStart)
