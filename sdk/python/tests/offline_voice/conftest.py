"""A telephone line for the offline voice: speech, noise, and somebody who listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import numpy as np
import pytest

from patter.audio.mulaw import from_pcm16, to_pcm16
from patter.bridge.events import Event, SttHeard, SttOpened
from patter.bridge.plan import ProviderSpec
from patter.engines.stt.offline import link as stt_link
from patter.engines.stt.offline.link import OfflineStt
from patter.engines.tts.offline import link as tts_link
from patter.simulators.demo import PHRASES


class Ears:
    """A recogniser at work. What it says is in ``events``."""

    def __init__(self, stt: OfflineStt) -> None:
        self.stt = stt
        self.events: list[Event] = []
        self._news: asyncio.Queue[Event] = asyncio.Queue()

    def take(self, event: Event) -> None:
        self.events.append(event)
        self._news.put_nowait(event)

    async def hear(self, line: bytes, *, times_real: int = 40) -> None:
        """Feed a line faster than it would be spoken."""
        step = 320 * times_real
        for at in range(0, len(line), step):
            for frame in range(at, min(at + step, len(line)), 160):
                self.stt.send(line[frame : frame + 160])
            await asyncio.sleep(0.04)

    async def next_of(self, kind: type[Event], timeout_s: float = 30.0) -> Event:
        async with asyncio.timeout(timeout_s):
            while not isinstance(event := await self._news.get(), kind):
                pass
            return event

    async def next_final(self) -> SttHeard:
        while not (heard := await self.next_of(SttHeard)).final:
            pass
        return heard


@pytest.fixture
def listening() -> Callable[..., AbstractAsyncContextManager[Ears]]:
    @asynccontextmanager
    async def listen(said_before: bytes = b"", **options: object) -> AsyncIterator[Ears]:
        ears = Ears(OfflineStt(ProviderSpec("offline", options={"phrases": PHRASES, **options})))
        for at in range(0, len(said_before), 160):
            ears.stt.send(said_before[at : at + 160])
        task = asyncio.create_task(ears.stt.run("s1", ears.take))
        try:
            await ears.next_of(SttOpened)
            yield ears
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return listen


@pytest.fixture
def line() -> Callable[..., bytes]:
    def make(speech: bytes, *, noise_db: float = -45, before_ms: int = 300, after_ms: int = 500) -> bytes:
        quiet = b"\xff" * 8
        samples = np.frombuffer(to_pcm16(quiet * before_ms + speech + quiet * after_ms), "<i2").astype(float)
        samples += np.random.default_rng(len(speech)).normal(0, 32768 * 10 ** (noise_db / 20), len(samples))
        return from_pcm16(samples.clip(-32768, 32767).astype("<i2").tobytes())

    return make


@pytest.fixture(scope="session", autouse=True)
def no_children_left() -> Iterator[None]:
    yield
    stt_link.CHILD.stop()
    tts_link.CHILD.stop()
