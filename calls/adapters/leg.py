"""The caller's leg over a media socket: commands become frames, in order, written by one task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from patter.bridge.commands import Clear, Mark, Play
from patter.carriers.twilio.wire import Wire

Send = Callable[[dict[str, Any]], Awaitable[None]]
MOST_WAITING = 2_000
"""Frames; 40 s of audio. A carrier that reads so slowly is gone."""

NORMAL, GOING_AWAY, REFUSED = 1000, 1001, 1008


class SocketLeg:
    """Meets ``patter.bridge.ports.Leg`` on an ASGI socket. ``write`` is its one task."""

    def __init__(self, wire: Wire, send: Send, overflow: Callable[[], None]) -> None:
        self._wire = wire
        self._send = send
        self._overflow = overflow
        self._frames: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        self._closed = asyncio.Event()
        self._code = NORMAL

    def send(self, command: Play | Mark | Clear) -> None:
        if self._closed.is_set():
            return
        try:
            self._frames.put_nowait(self._wire.encode(command))
        except asyncio.QueueFull:
            self.stop(GOING_AWAY)
            self._overflow()

    async def write(self) -> None:
        """Write frames until the leg is closed."""
        while (frame := await self._frames.get()) is not None:
            await self._send({"type": "websocket.send", "text": frame})

    def stop(self, code: int = NORMAL) -> None:
        """Close the socket after what is waiting. Harmless when it is already closed."""
        if self._closed.is_set():
            return
        self._code = code
        self._closed.set()
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(None)

    async def close(self) -> None:
        self.stop()

    @property
    def close_code(self) -> int:
        return self._code

    async def wait_closed(self) -> None:
        await self._closed.wait()


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """One header of the upgrade, or empty."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
