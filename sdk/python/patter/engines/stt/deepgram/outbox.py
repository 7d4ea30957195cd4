"""What waits to be sent to a recogniser: audio in batches and control frames, in one order, bounded."""

from __future__ import annotations

import asyncio
from collections import deque

from patter.audio.frames import bytes_of, ms_of

BATCH_S = 0.035
"""How long a first frame waits for the next: with frames of 20 ms, messages hold 40 ms."""
MOST_WAITING_MS = 2000
MOST_BYTES = bytes_of(1000)


class Outbox:
    """One writer takes from it; ``put`` never blocks and drops the oldest audio beyond two seconds."""

    def __init__(self) -> None:
        self._items: deque[bytes | str] = deque()
        self._audio_bytes = 0
        self._ready = asyncio.Event()
        self.dropped_ms = 0

    def put_audio(self, payload: bytes) -> None:
        if not payload:  # an empty message would end the stream
            return
        payload = payload[-bytes_of(MOST_WAITING_MS) :]
        self._items.append(payload)
        self._audio_bytes += len(payload)
        self._ready.set()
        while ms_of(self._audio_bytes) > MOST_WAITING_MS:
            self._drop_oldest()

    def put_control(self, frame: str) -> None:
        self._items.append(frame)
        self._ready.set()

    async def take(self) -> list[bytes | str]:
        """Wait for something; give everything that waits, audio joined."""
        await self._ready.wait()
        if not self._has_control():
            await asyncio.sleep(BATCH_S)
        self._ready.clear()
        messages = self._joined()
        self._items.clear()
        self._audio_bytes = 0
        return messages

    def _has_control(self) -> bool:
        return isinstance(self._items[-1], str)

    def _joined(self) -> list[bytes | str]:
        messages: list[bytes | str] = []
        for item in self._items:
            last = messages[-1] if messages else None
            if isinstance(item, bytes) and isinstance(last, bytes) and len(last) + len(item) <= MOST_BYTES:
                messages[-1] = last + item
            else:
                messages.append(item)
        return messages

    def _drop_oldest(self) -> None:
        oldest = next(index for index, item in enumerate(self._items) if isinstance(item, bytes))
        size = len(self._items[oldest])
        del self._items[oldest]
        self._audio_bytes -= size
        self.dropped_ms += ms_of(size)
