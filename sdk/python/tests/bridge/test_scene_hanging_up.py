"""A carrier that takes its time over our hang-up, and what comes in meanwhile."""

from __future__ import annotations

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import EndSession, HangUp
from patter.bridge.events import Event, HangUpAsked, HangUpDone, LegOpened, MachineHeard
from patter.bridge.plan import TurnTaking
from patter.testing.scene import Scene


class SlowCarrier(Scene):
    """It answers no hang-up."""

    def feed(self, *events: Event) -> list[object]:  # type: ignore[override]
        return [*super().feed(*(event for event in events if not isinstance(event, HangUpDone)))]


def test_a_stream_that_opens_then_is_not_spoken_into() -> None:
    call = SlowCarrier(first_message="Hello.").open()
    call.feed(HangUpAsked())
    said = len(call.commands)
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    call.pass_ms(4000)
    assert len(call.commands) == said and call.end is None
    call.pass_ms(1100)
    assert call.end is not None and call.end.reason == "api_hung_up"


def test_a_verdict_on_who_answered_comes_too_late() -> None:
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Please call us back.")
    call = SlowCarrier(direction="outbound", answering=plan).open()
    call.feed(HangUpAsked())
    said = len(call.commands)
    call.feed(MachineHeard("machine", beep=True))
    assert len(call.commands) == said


def test_a_call_that_gets_too_long_then_ends_once_for_its_first_reason() -> None:
    call = SlowCarrier(turn_taking=TurnTaking(max_duration_s=10)).open()
    call.pass_ms(8000)
    call.feed(HangUpAsked())
    call.pass_ms(6000)
    assert call.end is not None and call.end.reason == "api_hung_up"
    assert len(call.all(HangUp)) == len(call.all(EndSession)) == 1
