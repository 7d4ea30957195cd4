"""The clock of a call: every 20 ms one frame from the agent to the phone and one back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from patter.audio.frames import FRAME_MS
from patter.simulators.caller import Caller
from patter.simulators.facts import Fact
from patter.simulators.line import PhoneLine
from patter.simulators.observed import Media
from patter.simulators.sound import SILENT_FRAME

STOOD_STILL_MS = 400
"""A clock that is later than this belongs to a machine that stood still, not to somebody on a telephone."""


class Ear(Protocol):
    """What listens to the caller and speaks to them. Times are milliseconds since the answer."""

    def play(self, now_ms: int) -> bytes:
        """The agent's frame that sounds now."""

    def hear(self, frame: bytes, now_ms: int) -> None:
        """The caller's frame."""

    def press(self, digit: str) -> None:
        """The caller pressed a key."""


class Handset:
    """Runs from the answer to the end of the call. ``ear`` is who is connected at the moment, if any."""

    def __init__(
        self,
        caller: Caller,
        line: PhoneLine,
        media: Media,
        *,
        on_fact: Callable[[Fact], None],
        on_hang_up: Callable[[], None],
    ) -> None:
        self._caller = caller
        self._line = line
        self._media = media
        self._on_fact = on_fact
        self._on_hang_up = on_hang_up
        self._answered_at = asyncio.get_running_loop().time()
        self.ear: Ear | None = None

    def now_ms(self) -> float:
        """Milliseconds since the answer, without those in which this process stood still."""
        return (asyncio.get_running_loop().time() - self._answered_at) * 1000

    async def run(self) -> None:
        """Tick on an absolute clock: it never drifts, and what a moment's stall held up comes in one go.

        After a long one the person goes on where they were. They would take what could not reach them for the
        end of a reply, and speak over the rest of it.
        """
        tick = 0
        while True:
            wait_ms = tick * FRAME_MS - self.now_ms()
            if wait_ms > 0:
                await asyncio.sleep(wait_ms / 1000)
            elif tick % 10 == 0:
                await asyncio.sleep(0)
            lag_ms = self.now_ms() - tick * FRAME_MS
            self._media.worst_clock_lag_ms = max(self._media.worst_clock_lag_ms, lag_ms)
            if lag_ms > STOOD_STILL_MS:
                self._answered_at += lag_ms / 1000
            self._tick(tick * FRAME_MS)
            tick += 1

    def _tick(self, now_ms: int) -> None:
        ear = self.ear
        agent = ear.play(now_ms) if ear else SILENT_FRAME
        does = self._caller.tick(agent, now_ms)
        frame = self._line.carry(does.frame, agent)
        self._media.agent += agent
        self._media.caller += frame
        for fact in does.facts:
            self._on_fact(fact)
        if ear:
            ear.hear(frame, now_ms)
            for digit in does.digits:
                ear.press(digit)
        if does.hang_up:
            self._on_hang_up()
