"""The clock of a telephone, on a machine that stands still."""

from __future__ import annotations

import asyncio
import time

import pytest

from patter.simulators.caller import Caller, Clip
from patter.simulators.handset import STOOD_STILL_MS, Handset
from patter.simulators.line import PhoneLine
from patter.simulators.observed import Media
from patter.simulators.script import Listen
from patter.simulators.sound import SILENT_FRAME

STALLS_IN_FRAME = 3


class Stalling:
    """Meets ``Ear``. Nothing in this process goes on for a while; then it looks how late the clock is."""

    def __init__(self, stalls_s: float) -> None:
        self.media = Media()
        self.lags_ms: list[float] = []
        self.heard = asyncio.Event()
        self._stalls_s = stalls_s
        self.handset = Handset(
            Caller([Clip(Listen())]),
            PhoneLine(),
            self.media,
            on_fact=lambda fact: None,
            on_hang_up=lambda: None,
        )
        self.handset.ear = self

    def play(self, now_ms: int) -> bytes:
        self.lags_ms.append(self.handset.now_ms() - now_ms)
        if len(self.lags_ms) == STALLS_IN_FRAME:
            time.sleep(self._stalls_s)
        return SILENT_FRAME

    def hear(self, frame: bytes, now_ms: int) -> None:
        if len(self.lags_ms) == 2 * STALLS_IN_FRAME:
            self.heard.set()

    def press(self, digit: str) -> None:
        raise AssertionError("nobody pressed a key")

    async def run(self) -> None:
        running = asyncio.create_task(self.handset.run())
        await self.heard.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.asyncio
async def test_what_a_moment_held_up_comes_in_one_go():
    stalling = Stalling(0.2)
    await stalling.run()
    assert stalling.lags_ms[STALLS_IN_FRAME] > 150


@pytest.mark.asyncio
async def test_after_a_long_stall_the_person_is_where_they_were():
    stalling = Stalling(STOOD_STILL_MS / 1000 + 0.2)
    await stalling.run()
    assert max(stalling.lags_ms) < STOOD_STILL_MS
    assert stalling.media.worst_clock_lag_ms > STOOD_STILL_MS
