"""What is said while the caller's line is used for something else. On the test's own clock."""

from __future__ import annotations

import pytest

from patter.bridge.commands import TtsSay
from patter.bridge.events import (
    DigitsAsked,
    DigitsSent,
    LegOpened,
    LegStopped,
    SayAsked,
    TransferAsked,
    TransferMoved,
)
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.convai.wire import AgentAudio, UserMessage

from .scene import LONG, ConvaiScene, greeted

SALES = TransferPolicy((TransferTarget("sales", "+15550170"),))
TOLD = "The keys were pressed."


def keys_begin(call: ConvaiScene) -> None:
    """The carrier presses keys for us, and its stream ends."""
    call.feed(DigitsAsked("1w2#"), DigitsSent(), LegStopped())
    call._buffer.clear()


def line_is_back(call: ConvaiScene) -> None:
    call.feed(LegOpened("MZ2", "CA1", "AC1"))


@pytest.mark.parametrize("reply_by", ["handler", "model"])
def test_what_is_asked_for_while_keys_are_pressed_is_heard_after_them(reply_by: str) -> None:
    """The agent answers at once, and its audio comes before the line does."""
    call = greeted(reply_by=reply_by)
    keys_begin(call)
    call.feed(SayAsked(TOLD))
    if reply_by == "handler":
        assert call.given(call.wants(call.sent(UserMessage)[-1].text)) == TOLD
    call.agent_says(TOLD)
    call.pass_ms(400)
    line_is_back(call)
    call.pass_ms(6000)
    assert call.turns == [("assistant", "Hi."), ("assistant", TOLD)]
    assert not call.all(TtsSay)  # it was said by the agent
    call.check()


def test_an_answer_that_is_on_its_way_when_keys_are_pressed_is_heard_in_full() -> None:
    call = greeted(reply_by="model")
    call.caller_says("tell me")
    call.agent_says(LONG, ms=1000)
    call.pass_ms(400)
    keys_begin(call)
    call.gets(AgentAudio(call.event_id + 1, b"\x90" * 8 * (50 * len(LONG) - 1000)))
    call.pass_ms(400)
    line_is_back(call)
    before = len(call.played)
    call.pass_ms(6000)
    assert call.turns[-1] == ("assistant", LONG)
    assert len(call.played) - before > 8 * 50 * len(LONG) - 8 * 500
    call.check()


def test_nothing_of_the_agent_is_kept_for_a_caller_who_was_given_away() -> None:
    call = greeted(transfers=SALES)
    call.feed(TransferAsked("sales"), LegStopped())
    call.agent_says("Are you still there?")
    call.pass_ms(400)
    call.feed(TransferMoved("x1", "failed", "busy", returns=True))
    line_is_back(call)
    call.pass_ms(1000)
    assert ("assistant", "Are you still there?") not in call.turns


def test_what_is_asked_for_during_a_transfer_waits_for_the_caller() -> None:
    call = greeted(transfers=SALES)
    call.feed(TransferAsked("sales"), LegStopped())
    asked = len(call.sent(UserMessage))
    call.feed(SayAsked(TOLD))
    call.pass_ms(6000)
    assert len(call.sent(UserMessage)) == asked
    assert not call.all(TtsSay)
    line_is_back(call)
    assert call.given(call.wants(call.sent(UserMessage)[-1].text)) == TOLD
