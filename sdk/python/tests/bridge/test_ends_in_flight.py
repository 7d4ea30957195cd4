"""The far end hangs up at every 100 ms of what a line goes through: one end each, and nothing left open.

Each script is played once; at every 100 ms a copy of the call is hung up on, in each carrier's own words.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping

import pytest

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import ToolRun, TransferStart, TransferStop
from patter.bridge.events import (
    CarrierEnded,
    DigitsAsked,
    Event,
    LegLost,
    LegOpened,
    LegStopped,
    MachineHeard,
    ToolDone,
    TransferAsked,
    TransferMoved,
)
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.testing.scene import Scene

Script = Mapping[int, Callable[[Scene], object]]
GREETING = "Hello, this is Acme. I am calling about your order."
SALES = TransferPolicy((TransferTarget("sales", "+15550170", ring_s=5),))
STREAM = LegOpened("MZ2", "CA1", "AC1")
WORDS: Mapping[str, list[Event]] = {
    "twilio": [LegStopped(), CarrierEnded()],
    "telnyx": [CarrierEnded(), LegStopped(), LegLost("code 1006")],
    "only the socket": [LegLost("code 1006"), CarrierEnded()],
}


def asks(kind: str) -> Callable[[Scene], object]:
    return lambda call: call.feed(TransferAsked("sales", kind, "Ada wants a price."))


def tells(state: str, reason: str = "", *, returns: bool = False) -> Callable[[Scene], object]:
    return lambda call: call.feed(TransferMoved("x1", state, reason, returns))


def feeds(*events: Event) -> Callable[[Scene], object]:
    return lambda call: call.feed(*events)


LINES: dict[str, tuple[dict[str, object], Script]] = {
    "a machine answers, and a message is left": (
        {
            "direction": "outbound",
            "answering": AnsweringPlan(
                detect=True, on_machine="leave_message", message="Please call us back."
            ),
        },
        {1500: feeds(MachineHeard("machine")), 4000: feeds(MachineHeard("machine", beep=True))},
    ),
    "a human answers, and is told apart late": (
        {"direction": "outbound", "answering": AnsweringPlan(detect=True, message="Please call us back.")},
        {3000: feeds(MachineHeard("human")), 5000: lambda call: call.says("who is this")},
    ),
    "a cold transfer comes back (Twilio)": (
        {"transfers": SALES},
        {
            3000: asks("cold"),
            3200: feeds(LegStopped()),
            4000: tells("ringing"),
            6000: tells("failed", "busy", returns=True),
            6400: feeds(STREAM),
        },
    ),
    "a cold transfer comes back (Telnyx)": (
        {"transfers": SALES},
        {3000: asks("cold"), 4000: tells("ringing"), 6000: tells("failed", "busy")},
    ),
    "a warm transfer is refused": (
        {"transfers": SALES},
        {
            3000: asks("warm"),
            3200: feeds(LegStopped()),
            4000: tells("briefing"),
            7000: tells("failed", "declined"),
            7600: feeds(STREAM),
        },
    ),
    "a warm transfer is accepted": (
        {"transfers": SALES},
        {3000: asks("warm"), 3200: feeds(LegStopped()), 4000: tells("briefing"), 7000: tells("joined")},
    ),
    "a tool runs, and is late": (
        {},
        {
            3500: lambda call: call.says("book a table"),
            4500: lambda call: call.model_says("Let me see.", tool="book"),
            8000: lambda call: call.feed(ToolDone(call.last(ToolRun).run_id, {"table": 7})),
        },
    ),
    "keys are pressed, which ends the stream": (
        {},
        {3000: feeds(DigitsAsked("1w2#")), 3200: feeds(LegStopped()), 5200: feeds(STREAM)},
    ),
}


def every_100_ms(plan: Mapping[str, object], script: Script) -> Iterator[tuple[int, Scene]]:
    call = Scene(
        reply_by="model", first_message=GREETING, caller="+15550001", callee="+15550100", **plan
    ).open()
    for ms in range(0, 10_000, 20):
        if ms % 100 == 0:
            yield ms, copy.deepcopy(call)
        if act := script.get(ms):
            act(call)
        call.pass_ms(20)


def copied(call: Scene) -> Scene:
    """A call of its own that goes on from here. What happened so far is values, and shared."""
    return copy.deepcopy(call, {id(value): value for value in (*call.commands, *call.history)})


def human_is_let_go(call: Scene) -> bool:
    """Nobody is being called any more on whose leg nobody waits."""
    started, stopped = call.all(TransferStart), call.all(TransferStop)
    settled = {"joined", "failed"} & {
        event.state for event in call.history if isinstance(event, TransferMoved)
    }
    return not started or bool(stopped) or bool(settled)


@pytest.mark.parametrize("line", LINES)
def test_at_every_moment_it_is_one_end(line: str) -> None:
    over = 0
    for ms, call in every_100_ms(*LINES[line]):
        over += call.end is not None
        if over > 1:
            continue  # nothing more can happen
        for words in WORDS.values():
            hang_up(copied(call), words, ms)


def hang_up(call: Scene, words: list[Event], ms: int) -> None:
    told_before = call.end
    call.feed(*words, *words)
    call.now += 60
    call.tick()
    assert call.end is not None, ms
    assert call.end == told_before if told_before else call.end.reason == "caller_hung_up", ms
    assert human_is_let_go(call), ms
    assert call.machine.next_timer() is None, ms
    before = len(call.commands)
    call.feed(STREAM, TransferMoved("x1", "joined"), MachineHeard("machine", beep=True), *words)
    assert call.commands[before:] == [], ms
    call.check()


def test_a_copy_is_a_call_of_its_own() -> None:
    """Else the moments above would be one."""
    for ms, call in every_100_ms({}, {}):
        if ms == 1000:
            other = copied(call)
            other.feed(CarrierEnded())
            assert other.end is not None and call.end is None
            return
