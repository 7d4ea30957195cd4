"""Transfers: to whom, what the caller hears, and how the agent has them back."""

from __future__ import annotations

import json

import pytest

from patter.bridge.commands import EndSession, HangUp, LlmAsk, TransferStart, TransferStop, TtsSay
from patter.bridge.events import (
    CarrierEnded,
    HangUpAsked,
    LegLost,
    LegOpened,
    LegStopped,
    LlmDelta,
    LlmDone,
    LlmToolCall,
    TransferAsked,
    TransferMoved,
)
from patter.bridge.records import TransferNoted
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.testing.scene import Scene

POLICY = TransferPolicy(
    (TransferTarget("sales", "+15550170"), TransferTarget("Dr. Who", "+15550171", "warm", ring_s=20)),
    ("+4930",),
)


def scene(**plan: object) -> Scene:
    sides = {"caller": "+15550001", "callee": "+15550100"}
    return Scene(reply_by="model", transfers=POLICY, direction="inbound", **{**sides, **plan}).open()


def wants_transfer(call: Scene, arguments: dict[str, str], text: str = "I will connect you.") -> None:
    ask_id = call.last(LlmAsk).ask_id
    called = LlmToolCall(ask_id, "c1", "transfer_call", json.dumps(arguments))
    call.feed(LlmDelta(ask_id, text), called, LlmDone(ask_id))


def states(call: Scene) -> list[str]:
    return [entry.state for entry in call.notes(TransferNoted)]


def transferring() -> Scene:
    call = scene()
    call.says("sales please")
    wants_transfer(call, {"target": "sales"})
    call.pass_ms(2000)
    call.feed(LegStopped())
    return call


def test_what_the_agent_says_is_heard_before_the_caller_is_put_through() -> None:
    call = scene()
    call.says("sales please")
    wants_transfer(call, {"target": "Sales"})
    assert not call.all(TransferStart)
    call.pass_ms(2000)
    assert call.last(TransferStart) == TransferStart("x1", "+15550170", "cold", "", "+15550001", 30, "en")
    assert call.turns[-1] == ("assistant", "I will connect you.")


def test_both_are_joined_and_the_call_ends_for_the_agent() -> None:
    call = transferring()
    call.feed(TransferMoved("x1", "ringing"), TransferMoved("x1", "joined"))
    assert call.end is not None
    assert call.end.reason == "transferred"
    assert states(call) == ["requested", "ringing", "joined"]
    assert not call.all(HangUp)
    assert not call.all(TransferStop)
    call.check()


@pytest.mark.parametrize("reason", ["busy", "no_answer", "declined", "failed"])
@pytest.mark.parametrize("line_first", [False, True])
def test_the_caller_is_back_and_the_model_knows_why(reason: str, line_first: bool) -> None:
    call = transferring()
    news = [TransferMoved("x1", "failed", reason, returns=True), LegOpened("MZ2", "CA1", "AC1")]
    call.feed(*reversed(news) if line_first else news)
    told = json.loads(call.last(LlmAsk).messages[-1]["content"])
    assert told["status"] == reason
    assert not call.all(TransferStop)
    call.model_says("I am afraid nobody is there.")
    call.pass_ms(2500)
    call.says("too bad")
    call.model_says("Shall I take a message?")
    call.pass_ms(2500)
    assert [role for role, _ in call.turns] == ["user", "assistant", "assistant", "user", "assistant"]
    call.feed(LegStopped())
    assert call.end is not None
    assert call.end.reason == "caller_hung_up"
    call.check()


def test_a_carrier_that_leaves_the_caller_waiting_is_told_to_bring_them_back() -> None:
    call = transferring()
    call.feed(TransferMoved("x1", "failed", "declined"))
    assert call.last(TransferStop) == TransferStop("x1", recall=True)
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    assert len(call.all(LlmAsk)) == 2


def test_a_transfer_that_the_carrier_refuses_leaves_the_line_as_it_is() -> None:
    call = scene()
    call.says("sales please")
    wants_transfer(call, {"target": "sales"})
    call.pass_ms(2000)
    call.feed(TransferMoved("x1", "failed", "carrier_error"))
    assert len(call.all(LlmAsk)) == 2
    call.model_says("That did not work.")
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "That did not work.")


def test_somebody_who_is_not_among_the_targets_is_never_called() -> None:
    call = scene()
    call.says("call my friend")
    wants_transfer(call, {"target": "+19005550123"}, text="")
    call.pass_ms(3000)
    assert not call.all(TransferStart)
    assert "transferred to '+19005550123'" in call.last(LlmAsk).messages[-1]["content"]
    assert "transfer.refused" in call.kinds


def test_a_transfer_from_outside_and_back() -> None:
    call = scene(first_message="Hello, this is Acme, how can I help?")
    call.pass_ms(500)
    call.feed(TransferAsked("+49301234567", "warm", "Ada asks about her invoice."))
    order = call.last(TransferStart)
    assert (order.kind, order.summary) == ("warm", "Ada asks about her invoice.")
    assert order.caller_id == "+15550100"  # a call of our own needs a number of ours
    call.feed(LegStopped(), TransferMoved("x1", "briefing"), TransferMoved("x1", "failed", "declined"))
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    assert "I could not reach anyone there." in [say.text for say in call.all(TtsSay)]
    call.check()


def test_a_cold_transfer_of_which_no_failure_was_told_came_about() -> None:
    call = transferring()
    call.pass_ms(46_000)
    assert call.end is not None
    assert call.end.reason == "transferred"
    assert not call.all(TransferStop)


def test_a_human_who_never_consents_is_let_go_and_the_caller_fetched_back() -> None:
    call = scene()
    call.feed(TransferAsked("Dr. Who"), LegStopped(), TransferMoved("x1", "briefing"))
    call.pass_ms(96_000)
    assert call.last(TransferStop) == TransferStop("x1", recall=True)
    call.pass_ms(11_000)
    assert call.end is not None
    assert call.end.reason == "carrier_error"
    call.check()


@pytest.mark.parametrize("line_goes", [LegStopped(), LegLost()])
def test_a_caller_who_hangs_up_meanwhile_leaves_nobody_ringing(line_goes: object) -> None:
    call = scene()
    call.feed(TransferAsked("Dr. Who"), line_goes)  # type: ignore[arg-type]
    assert call.end is None
    call.feed(CarrierEnded(), HangUpAsked())
    assert call.end is not None
    assert call.end.reason == "caller_hung_up"
    assert call.last(TransferStop) == TransferStop("x1", recall=False)
    assert len(call.all(EndSession)) == 1
    assert states(call) == ["requested", "failed"]
    call.check()


def test_hanging_up_during_a_transfer() -> None:
    call = transferring()
    call.feed(HangUpAsked("api_hung_up"))
    assert call.end is not None
    assert call.end.reason == "api_hung_up"
    call.check()


def test_one_transfer_at_a_time() -> None:
    call = scene()
    call.feed(TransferAsked("sales"), TransferAsked("Dr. Who"))
    assert len(call.all(TransferStart)) == 1


def test_the_agent_says_something_itself_where_the_model_did_not() -> None:
    call = scene()
    call.says("sales please")
    wants_transfer(call, {"target": "sales"}, text="")
    assert call.last(TtsSay).text == "One moment, I will put you through."


def test_while_the_caller_is_away_nobody_asks_whether_they_are_there() -> None:
    call = transferring()
    call.pass_ms(25_000)
    assert [text for _, text in call.turns] == ["sales please", "I will connect you."]
