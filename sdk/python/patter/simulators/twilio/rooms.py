"""Conferences: who waits, who speaks with whom, and who leaves with whom."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from patter.simulators.sound import SILENT_FRAME, frames_of, tone

MUSIC = frames_of(tone(200, hz=523.0, dbfs=-30.0)) + [SILENT_FRAME] * 10
MOST_WAITING_FRAMES = 50


@dataclass(slots=True, eq=False)
class Seat:
    """One participant; meets ``Ear``. ``starts`` and ``ends`` are the conference's own attributes."""

    call_sid: str
    starts: bool = True
    ends: bool = False
    left: asyncio.Event = field(default_factory=asyncio.Event)
    room: Room | None = None
    _heard: deque[bytes] = field(default_factory=lambda: deque(maxlen=MOST_WAITING_FRAMES))
    _music: int = 0

    def play(self, now_ms: int) -> bytes:
        if self.room is not None and self.room.started:
            return self._heard.popleft() if self._heard else SILENT_FRAME
        self._music += 1
        return MUSIC[self._music % len(MUSIC)]

    def hear(self, frame: bytes, now_ms: int) -> None:
        if self.room is not None and self.room.started:
            self.room.carry(self, frame)

    def press(self, digit: str) -> None:
        """Keys mean nothing in a conference."""

    def take(self, frame: bytes) -> None:
        self._heard.append(frame)


class Room:
    """A conference by its name. It starts when somebody enters who starts it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seats: list[Seat] = []
        self.started = False

    def enter(self, seat: Seat) -> None:
        seat.room = self
        self.seats.append(seat)
        self.started = self.started or (seat.starts and len(self.seats) > 1)

    def leave(self, seat: Seat) -> None:
        if seat not in self.seats:
            return
        self.seats.remove(seat)
        seat.room = None
        if seat.ends:
            for other in self.seats:
                other.left.set()

    def carry(self, speaker: Seat, frame: bytes) -> None:
        for seat in self.seats:
            if seat is not speaker:
                seat.take(frame)
