"""What waits to be sent to a recogniser: audio and control frames, in one order, bounded."""

from __future__ import annotations

import asyncio
from collections import deque

from patter.audio.frames import bytes_of, ms_of

MOST_WAITING_MS = 2000
MOST_BYTES = bytes_of(1000)


class Outbox:
    """One writer takes from it; ``put`` never blocks and drops the oldest audio beyond two seconds."""

    def __init__(self) -> None:
        self._items: deque[bytes | str] = deque()
        self._audio_bytes = 0
        self._ready = asyncio.Event()
        self.dropped_ms = 0

    def __bool__(self) -> bool:
        return bool(self._items)

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
        self._ready.clear()
        messages = self._joined()
        self._items.clear()
        self._audio_bytes = 0
        return messages

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
