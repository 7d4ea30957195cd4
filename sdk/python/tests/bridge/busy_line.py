"""A carrier, a network and a busy process on one virtual clock: what was really played, and when.

Frames come late, in bunches or never; the process sleeps through some of them; what it sends arrives late
too. Order is kept, as TCP keeps it. Times are seconds of the loop; the carrier's media begins at ``BEGAN``.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable

from patter.bridge.call import CallMachine
from patter.bridge.commands import Command, Mark, Note, Play, SttOpen, TtsSay
from patter.bridge.events import (
    CallerAudio,
    Event,
    LegOpened,
    MarkPlayed,
    SayAsked,
    SttOpened,
    TtsAudio,
    TtsDone,
)
from patter.bridge.plan import CallPlan
from patter.bridge.records import RecordingPiece
from patter.engines.pipeline.machine import PipelineMachine
from patter.testing.sound import frames

BEGAN = 100.0
FRAME_S = 0.02
BEAT_EVERY_MS = 5000
WAY_S = 0.015
BEAT = b"\x7d" * 160
QUIET = b"\x7e" * 160
"""Both are near to silence: nobody is interrupted."""
REPLY = b"A" * 160 + b"a" * 160 * 99
"""2 s."""


class BusyLine:
    """One call that is recorded: the caller beats every 5 s, and the agent speaks now and then.

    ``late_s``: frames come up to so much late, sometimes ten times as much; 0: none does, nobody naps.
    """

    def __init__(self, *, seed: int = 1, loss: float = 0.02, late_s: float = 0.03) -> None:
        self._random = random.Random(seed)
        self._loss, self._late_s = loss, late_s
        self._todo: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = 0
        self._way_in = self._way_out = 0.0  # what was sent last arrives then: nothing overtakes it
        self._awake_at = 0.0
        self._buffer: deque[Play | Mark] = deque()
        self.machine = CallMachine(CallPlan(call_id="call_test", record=True), PipelineMachine, BEGAN)
        self.pieces: list[RecordingPiece] = []
        self.beats_ms: list[int] = []
        self.replies_ms: list[int] = []
        """Where on the carrier's clock the first frame of each reply was played."""

    def carry(self, seconds: float) -> None:
        """The whole call."""
        self._tell(LegOpened("MZ1", "CA1", "AC1"), BEGAN)
        for number in range(int(seconds / FRAME_S)):
            self._at(BEGAN + number * FRAME_S, lambda now, number=number: self._frame(number, now))
        at = 3.0
        while at < seconds - 10:
            self._at(BEGAN + at, lambda now: self._tell(SayAsked("Hello."), now))
            at += self._random.uniform(4.0, 9.0)
        while self._todo:
            now, _, what = heapq.heappop(self._todo)
            what(now)
        self.pieces += self.machine._recording._recorder.finish()  # type: ignore[union-attr]

    # -- the carrier ----------------------------------------------------------------------------

    def _frame(self, number: int, now: float) -> None:
        """20 ms of the carrier's clock: the caller's frame leaves, and one of ours is played."""
        ms = number * 20
        beat = ms % BEAT_EVERY_MS == 0
        if beat:
            self.beats_ms.append(ms)
        if beat or self._random.random() > self._loss:
            # A frame is whole, and leaves, when its last sample was spoken.
            self._tell(CallerAudio(BEAT if beat else QUIET, ms), now + FRAME_S)
        self._echo_marks(now)
        if self._buffer:
            frame = self._buffer.popleft()
            assert isinstance(frame, Play)
            if frame.payload.startswith(b"A"):
                self.replies_ms.append(ms)
        self._echo_marks(now + FRAME_S)

    def _echo_marks(self, now: float) -> None:
        while self._buffer and isinstance(self._buffer[0], Mark):
            mark = self._buffer.popleft()
            assert isinstance(mark, Mark)
            self._tell(MarkPlayed(mark.name), now)

    # -- the network and the process ------------------------------------------------------------

    def _at(self, when: float, what: Callable[[float], None]) -> None:
        self._count += 1
        heapq.heappush(self._todo, (when, self._count, what))

    def _tell(self, event: Event, now: float) -> None:
        """The carrier sends this; the process takes it when it has time."""
        self._way_in = max(self._way_in, now + self._delay_s())
        self._at(self._way_in, lambda arrived: self._take(event, arrived))

    def _delay_s(self) -> float:
        stall = self._random.uniform(3, 10) if self._random.random() < 0.0005 else 0.0
        return WAY_S + self._late_s * (self._random.random() + stall)

    def _take(self, event: Event, arrived: float) -> None:
        nap = self._random.uniform(2, 5) if self._random.random() < 0.001 else 0.0
        self._awake_at = max(self._awake_at, arrived + self._late_s * (self._random.random() / 4 + nap))
        now = self._awake_at
        self._timers(now)
        self._do(self.machine.receive(event, now), now)
        due = self.machine.next_timer()
        if due is not None:
            self._at(max(due, now), self._timers)

    def _timers(self, now: float) -> None:
        for _ in range(100):
            due = self.machine.next_timer()
            if due is None or due > now:
                return
            self._do(self.machine.handle_timer(now), now)

    def _do(self, commands: list[Command], now: float) -> None:
        self._way_out = max(self._way_out, now + self._delay_s())  # one write, one arrival
        for command in commands:
            match command:
                case Play() | Mark():
                    pieces = frames(command) if isinstance(command, Play) else [command]
                    self._at(self._way_out, lambda _, pieces=pieces: self._buffer.extend(pieces))
                case SttOpen(stt_id):
                    self._at(now, lambda at, stt_id=stt_id: self._take(SttOpened(stt_id), at))
                case TtsSay(say_id):
                    for event in (TtsAudio(say_id, REPLY), TtsDone(say_id)):
                        self._at(now + 0.1, lambda at, event=event: self._take(event, at))
                case Note(RecordingPiece() as piece):
                    self.pieces.append(piece)
                case _:
                    pass
