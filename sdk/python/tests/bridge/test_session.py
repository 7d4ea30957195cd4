"""The driver on a real loop: whatever performers do, one call, one end, and no task is left behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from patter.bridge import line as driver
from patter.bridge.call import CallMachine
from patter.bridge.commands import (
    Clear,
    CloseLeg,
    Command,
    EndSession,
    HandlerAsk,
    HandlerStop,
    HangUp,
    LlmAsk,
    LlmStop,
    Mark,
    Note,
    SttAudio,
    SttFinalize,
    SttOpen,
    SttStop,
    ToolRun,
    ToolStop,
    TtsSay,
    TtsStop,
)
from patter.bridge.events import (
    DigitPressed,
    Event,
    FrameRejected,
    HandlerFailed,
    HangUpAsked,
    HangUpDone,
    HangUpFailed,
    LegLost,
    LegOpened,
    LegStopped,
    LlmDelta,
    LlmFailed,
    SttClosed,
    SttFailed,
    SttHeard,
    SttOpened,
    ToolDone,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.bridge.records import CallEnded, Noted
from patter.bridge.session import STOOD_STILL_S, CallSession, Performers
from patter.engines.pipeline.machine import PipelineMachine
from patter.errors import CarrierError
from patter.testing.fakes import FakeControl, FakeLeg, FakeLog, FakeMachine, FakePerformer, FakeStt


async def turns_of_the_loop(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


OPENED, STOP = LegOpened("MZ1", "CA1", "AC1"), LegStopped()


class Rig:
    """A session whose machine answers digits with the commands of the test, and ends when the leg stops."""

    def __init__(self, *commands: Command, **performers: Any) -> None:
        self.commands = list(commands)
        control = performers.pop("control", None)
        self.machine = FakeMachine(self.answer)
        self.control, self.log = control or FakeControl(), FakeLog()
        self.tts = performers.pop("tts", FakePerformer())
        stt = performers.pop("stt", FakeStt)
        self.session = CallSession(
            self.machine,  # type: ignore[arg-type]
            control=self.control,
            performers=Performers(stt=stt, tts=self.tts, **performers),
            log=self.log,
        )

    def answer(self, event: Event) -> list[Command]:
        if isinstance(event, LegStopped):
            return [EndSession()]
        return self.commands if isinstance(event, DigitPressed) else []

    async def run(self, *events: Event, turns: int = 10) -> list[Event]:
        before = asyncio.all_tasks()
        running = asyncio.create_task(self.session.run())
        for event in (*events, DigitPressed("1")):
            self.session.feed(event)
        for _ in range(turns):
            await asyncio.sleep(0)
        self.session.feed(STOP)
        try:
            await running
        finally:
            assert asyncio.all_tasks() == before
        return self.machine.events[len(events) + 1 : -1]


def raises(_asked: object, _emit: object) -> None:
    raise ValueError("boom")


@pytest.mark.parametrize(
    ("command", "port", "wanted"),
    [
        (LlmAsk("a", []), "llm", LlmFailed("a", "ValueError: boom")),
        (HandlerAsk("t", "", []), "handler", HandlerFailed("t", "handler_error", "ValueError: boom")),
        (TtsSay("s", "x"), "tts", TtsFailed("s", "ValueError: boom")),
        (ToolRun("r", "x", {}), "tools", ToolDone("r", {"error": "ValueError: boom"}, ok=False)),
    ],
)
async def test_a_performer_that_raises_is_an_event(command: Command, port: str, wanted: Event) -> None:
    assert await Rig(command, **{port: FakePerformer(raises)}).run() == [wanted]


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (LlmAsk("a", []), LlmFailed("a", "This agent has no model.", permanent=True)),
        (HandlerAsk("t", "", []), HandlerFailed("t", "handler_lost", "Nothing is connected that answers.")),
        (ToolRun("r", "x", {}), ToolDone("r", {"error": "There is no tool 'x'."}, ok=False)),
    ],
)
async def test_a_performer_that_is_missing_is_an_event(command: Command, wanted: Event) -> None:
    assert await Rig(command).run() == [wanted]


@pytest.mark.parametrize(
    ("start", "stop", "port"),
    [
        (LlmAsk("a", []), LlmStop("a"), "llm"),
        (HandlerAsk("t", "", []), HandlerStop("t", "heard"), "handler"),
        (TtsSay("s", "x"), TtsStop("s"), "tts"),
        (ToolRun("r", "x", {}), ToolStop("r"), "tools"),
    ],
)
async def test_work_is_stopped_by_its_id_or_at_the_end(start: Command, stop: Command, port: str) -> None:
    orders: list[list[Command]] = [[start], [start, stop], [stop, start]]
    for commands in orders:
        performer = FakePerformer(stays=True)
        assert await Rig(*commands, **{port: performer}).run() == []
        assert performer.stopped == len(performer.asked)


async def test_a_recogniser_raises_ends_or_cannot_be_made() -> None:
    stt_open = SttOpen("stt1")
    told = await Rig(stt_open, stt=lambda: FakeStt(ValueError("boom"))).run()
    assert told == [SttOpened("stt1"), SttFailed("stt1", "ValueError: boom")]
    assert await Rig(stt_open, stt=lambda: FakeStt(ends=True)).run() == [SttOpened("stt1"), SttClosed("stt1")]
    assert await Rig(stt_open, stt=lambda: {}["ears"]).run() == [SttFailed("stt1", "KeyError: 'ears'")]


async def test_audio_goes_to_the_recogniser_it_is_for() -> None:
    stt = FakeStt()
    commands = [
        SttAudio("stt1", b"early"),
        SttOpen("stt1"),
        SttAudio("stt1", b"now"),
        SttAudio("x", b"other"),
    ]
    await Rig(*commands, SttFinalize("stt1"), SttFinalize("x"), SttStop("stt1"), stt=lambda: stt).run()
    assert (bytes(stt.heard), stt.finalized) == (b"now", 1)


async def test_a_leg_that_raises_is_lost() -> None:
    rig = Rig(Mark("m0"))
    rig.session.attach(FakeLeg(ValueError("boom")))
    assert await rig.run() == [LegLost("ValueError: boom")]
    assert await Rig(Clear()).run() == [], "no leg at all"


async def test_a_performer_cancelled_from_within_is_an_event() -> None:
    def cancelled(_asked: object, _emit: object) -> None:
        raise asyncio.CancelledError

    (told,) = await Rig(TtsSay("s", "x"), tts=FakePerformer(cancelled)).run()
    assert isinstance(told, TtsFailed)


async def test_hang_up_is_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "HANG_UP_RETRY_S", 0)
    error = CarrierError("twilio", "busy", permanent=False)
    gone = CarrierError("twilio", "no such call", permanent=True)
    cases: list[tuple[list[Exception], Event, int]] = [
        ([error, error], HangUpDone(), 3),
        ([error, error, error], HangUpFailed("twilio: busy"), 3),
        ([gone], HangUpFailed("twilio: no such call"), 1),
        ([ValueError("boom")], HangUpFailed("ValueError: boom"), 1),
    ]
    for errors, wanted, tries in cases:
        rig = Rig(HangUp(), control=FakeControl(*errors))
        assert await rig.run(OPENED, turns=30) == [wanted]
        assert rig.control.asked == ["CA1"] * tries


def broken(*_event: Event) -> list[Command]:
    raise ZeroDivisionError


async def test_a_fault_of_the_machine_ends_the_session_and_is_raised() -> None:
    for where in ("event", "timer", "endless"):
        rig = Rig(LlmAsk("a", []), llm=FakePerformer(stays=True))
        if where == "event":
            rig.machine.answers = broken
        else:
            rig.machine.timer = asyncio.get_running_loop().time()
            rig.machine.on_timer = broken if where == "timer" else list
        with pytest.raises(RuntimeError if where == "endless" else ZeroDivisionError):
            await rig.run()
        assert rig.session.over
        assert rig.tts.closed == 1


def stand_still(seconds: float) -> None:
    """Nothing in this process goes on."""
    time.sleep(seconds)


async def test_what_came_while_the_process_stood_still_is_told_before_its_timers() -> None:
    """A caller whose frames could not be read was not silent."""
    rig, told = Rig(), []
    rig.machine.answers = lambda event: [EndSession()] if event == STOP else told.append("event") or []

    def due() -> list[Command]:
        told.append("timer")
        rig.machine.timer = None
        return []

    rig.machine.on_timer = due
    running = asyncio.create_task(rig.session.run())
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    rig.machine.timer = loop.time() + 0.02
    rig.session.feed(FrameRejected("-"))
    stand_still(0.02 + 2 * STOOD_STILL_S)
    # As a socket does it: read in one turn of the loop, told in the next.
    loop.call_soon(loop.call_soon, rig.session.feed, FrameRejected("-"))
    while "timer" not in told:  # noqa: ASYNC110 - the timer is the loop's own
        await asyncio.sleep(0.001)
    rig.session.feed(STOP)
    await running
    assert told == ["event", "event", "timer"]


async def test_a_timer_fires_by_itself_and_what_it_brings_keeps_its_order() -> None:
    def twice(_asked: object, emit: Any) -> None:
        emit(TtsDone("1"))
        emit(TtsDone("2"))

    rig = Rig(tts=FakePerformer(twice))

    def due() -> list[Command]:
        rig.machine.timer = None
        for reason in "ab":
            rig.session.feed(FrameRejected(reason))
        return [TtsSay("s", "x")]

    rig.machine.on_timer = due
    rig.machine.timer = asyncio.get_running_loop().time() + 0.001
    rig.session.feed(FrameRejected("-"))  # a machine's timer changes with what it is told
    running = asyncio.create_task(rig.session.run())
    while len(rig.machine.events) < 5:  # noqa: ASYNC110 - the timer is the loop's own
        await asyncio.sleep(0)
    rig.session.feed(STOP)
    await running
    assert rig.machine.events[1:5] == [FrameRejected("a"), FrameRejected("b"), TtsDone("1"), TtsDone("2")]


@pytest.mark.extra
def test_a_time_that_is_all_but_here_is_no_trouble_for_uvloop() -> None:
    import uvloop

    async def carry() -> None:
        rig = Rig()
        running = asyncio.create_task(rig.session.run())
        await asyncio.sleep(0)
        for _ in range(2):  # the second finds the handle of the first, which has no time
            rig.machine.timer = asyncio.get_running_loop().time() + 0.0001
            rig.session.feed(FrameRejected("a"))
        rig.machine.timer = None
        rig.session.feed(STOP)
        await running

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(carry())


async def test_the_leg_is_closed_and_one_that_never_closes_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "CLOSE_WITHIN_S", 0.01)
    for closes in (True, False):
        rig = Rig(CloseLeg(), tts=FakePerformer(close_error=ValueError("boom")))
        leg = FakeLeg(closes=closes)
        assert rig.session.attach(leg) is None
        await rig.run()
        assert leg.closed == 1
        assert rig.session.attach(FakeLeg()) is leg


async def test_a_whole_call_with_a_second_socket() -> None:
    def speaks(asked: tuple[str, str], emit: Any) -> None:
        emit(TtsAudio("unknown", b"x" * 160))
        emit(TtsAudio(asked[0], b"\x90" * 1600))
        emit(TtsDone(asked[0]))

    log, handler = FakeLog(), FakePerformer(lambda asked, emit: emit(LlmDelta("x", "x")), stays=True)
    machine = CallMachine(
        CallPlan("call_1", first_message="Hello."), PipelineMachine, asyncio.get_running_loop().time()
    )
    session = CallSession(
        machine,
        control=FakeControl(),
        performers=Performers(stt=FakeStt, tts=FakePerformer(speaks), handler=handler),
        log=log,
    )
    first, second = FakeLeg(), FakeLeg()
    session.attach(first)
    session.feed(OPENED)
    running = asyncio.create_task(session.run())
    await turns_of_the_loop()
    assert (session.leg, session.carrier_call_id, session.over) == (first, "CA1", False)
    assert first.sent
    assert session.attach(second) is first
    session.feed(LegOpened("MZ2", "CA1", "AC1"))
    assert second.sent, "the reply goes on where it was"
    session.feed(SttHeard("stt1", "what now", True, True))
    await turns_of_the_loop()
    session.feed(HangUpAsked())
    await running
    session.feed(DigitPressed("1"))
    assert second.closed == 1
    assert handler.stopped == 1
    assert handler.cancelled[0][0] == handler.asked[0].turn_id
    assert [entry.reason for entry in log.entries if isinstance(entry, CallEnded)] == ["api_hung_up"]


async def test_what_is_written_down_of_a_call_holds_no_key_of_it() -> None:
    key = "sk-0123456789abcdef"
    rig = Rig(Note(Noted("stt.failed", 5, {"error": f"401: no such key {key}"})))
    rig.machine.plan = CallPlan("call_1", stt=ProviderSpec("deepgram", api_key=key))
    rig.session = CallSession(
        rig.machine,  # type: ignore[arg-type]
        control=rig.control,
        performers=Performers(),
        log=rig.log,
    )
    await rig.run()
    assert rig.log.entries == [Noted("stt.failed", 5, {"error": "401: no such key [key]"})]
