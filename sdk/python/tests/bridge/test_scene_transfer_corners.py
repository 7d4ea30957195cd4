"""Transfers that something comes between."""

from __future__ import annotations

import pytest

from patter.bridge.commands import LlmAsk, TransferStart, TtsSay
from patter.bridge.events import LegOpened, LegStopped, SayAsked, TransferAsked, TransferMoved
from patter.testing.scene import Scene

from .test_scene_transfers import POLICY, scene, states, wants_transfer


def told(call: Scene) -> str:
    """What the model was given with its last question."""
    return str(call.last(LlmAsk))


def test_whoever_goes_on_speaking_is_not_put_through() -> None:
    call = scene()
    call.says("sales please")
    wants_transfer(call, {"target": "sales"}, "I will connect you with our people in sales right now.")
    call.pass_ms(600)
    call.says("no, wait, one more question")
    call.model_says("Of course.")
    call.pass_ms(4000)
    assert not call.all(TransferStart) and call.turns[-1] == ("assistant", "Of course.")
    assert "stopped" in told(call)


def test_a_text_from_outside_is_said_first_when_nobody_took_the_caller() -> None:
    call = scene()
    call.says("sales please")
    wants_transfer(call, {"target": "sales"})
    call.pass_ms(2000)
    call.feed(LegStopped(), SayAsked("Thank you for waiting."))
    asked = len(call.all(LlmAsk))
    call.feed(TransferMoved("x1", "failed", "busy", returns=True), LegOpened("MZ2", "CA1", "AC1"))
    assert call.last(TtsSay).text == "Thank you for waiting." and len(call.all(LlmAsk)) == asked
    call.pass_ms(3000)
    assert len(call.all(LlmAsk)) == asked + 1 and "busy" in told(call)


def test_another_transfer_waits_for_the_word_on_the_first() -> None:
    call = scene()
    call.feed(TransferAsked("sales"), LegStopped())
    call.feed(LegOpened("MZ2", "CA1", "AC1"))  # back before we were told why
    call.feed(TransferAsked("Dr. Who"))
    assert len(call.all(TransferStart)) == 1 and call.kinds[-1] == "transfer.refused"
    call.feed(TransferMoved("x1", "failed", "busy", returns=True), TransferAsked("Dr. Who"))
    assert call.last(TransferStart).number == "+15550171"
    assert states(call) == ["requested", "failed", "requested"]


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_nobody_is_transferred_to_a_side_of_their_own_call(side: str) -> None:
    """The agent would answer its own call, and transfer that one, and so on."""
    call = scene(**{side: "+4930123456"})
    call.feed(TransferAsked("+49 30 123456"))
    assert not call.all(TransferStart) and call.kinds[-1] == "transfer.refused"
    call.feed(TransferAsked("+49 30 123457"))
    assert call.last(TransferStart).number == "+4930123457"


def test_an_agent_has_somebody_to_transfer_to_or_nobody() -> None:
    assert POLICY.some and not type(POLICY)().some
