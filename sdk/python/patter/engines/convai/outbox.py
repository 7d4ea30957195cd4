"""What waits to be sent to ElevenLabs: the caller's audio and everything else, in one order, bounded."""

from __future__ import annotations

import asyncio
from collections import deque

from patter.engines.convai.wire import CallerChunk, Outgoing, encode

MOST_CHUNKS = 100
"""Two seconds of the caller's audio. Beyond, the oldest is dropped; nothing else ever is."""


class Outbox:
    """One writer takes from it; ``put`` never blocks."""

    def __init__(self) -> None:
        self._messages: deque[Outgoing] = deque()
        self._chunks = 0
        self._ready = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._messages)

    def put(self, message: Outgoing) -> None:
        self._messages.append(message)
        self._ready.set()
        if isinstance(message, CallerChunk):
            self._chunks += 1
            if self._chunks > MOST_CHUNKS:
                self._drop_oldest()

    async def take(self) -> list[str]:
        """Wait for something; give all of it as text frames."""
        await self._ready.wait()
        self._ready.clear()
        frames = [encode(message) for message in self._messages]
        self._messages.clear()
        self._chunks = 0
        return frames

    def _drop_oldest(self) -> None:
        oldest = next(at for at, message in enumerate(self._messages) if isinstance(message, CallerChunk))
        del self._messages[oldest]
        self._chunks -= 1
