"""The caller's leg over a media socket: commands become frames, in order, written by one task."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import Event

Send = Callable[[dict[str, Any]], Awaitable[None]]
MOST_WAITING_BYTES = 320_000
"""40 s of audio. A carrier that reads so slowly is gone."""
MOST_WAITING = 2_000
"""Frames, counting what lies between two marks as one."""

NORMAL, GOING_AWAY, REFUSED = 1000, 1001, 1008


class Wire(Protocol):
    """A carrier's frames of one stream."""

    def decode(self, frame: str | bytes) -> list[Event]:
        """The events in a frame. Never raises."""

    def encode(self, command: Play | Mark | Clear) -> str:
        """The frame for a command, once the stream has started."""


class SocketLeg:
    """Meets ``patter.bridge.ports.Leg`` on an ASGI socket. ``write`` is its one task.

    Carriers take audio of any length, so what is sent in one go becomes one frame: between two marks there
    is nothing that would have to be told apart.
    """

    def __init__(self, wire: Wire, send: Send, overflow: Callable[[], None]) -> None:
        self._wire = wire
        self._send = send
        self._overflow = overflow
        self._waiting: deque[list[bytes] | Mark | Clear] = deque()
        self._waiting_bytes = 0
        self._news = asyncio.Event()
        self._closed = asyncio.Event()
        self._code = NORMAL

    def send(self, command: Play | Mark | Clear) -> None:
        if self._closed.is_set():
            return
        if isinstance(command, Play):
            self._play(command.payload)
        else:
            self._waiting.append(command)
        self._news.set()
        if self._waiting_bytes > MOST_WAITING_BYTES or len(self._waiting) > MOST_WAITING:
            self.stop(GOING_AWAY)
            self._overflow()

    def _play(self, payload: bytes) -> None:
        self._waiting_bytes += len(payload)
        if self._waiting and isinstance(last := self._waiting[-1], list):
            last.append(payload)
        else:
            self._waiting.append([payload])

    async def write(self) -> None:
        """Write frames until the leg is closed."""
        while self._waiting or not self._closed.is_set():
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self._send({"type": "websocket.send", "text": self._next()})

    def _next(self) -> str:
        item = self._waiting.popleft()
        if not isinstance(item, list):
            return self._wire.encode(item)
        payload = b"".join(item)
        self._waiting_bytes -= len(payload)
        return self._wire.encode(Play(payload))

    def stop(self, code: int = NORMAL) -> None:
        """Close the socket after what is waiting. Harmless when it is already closed."""
        if self._closed.is_set():
            return
        self._code = code
        self._closed.set()
        self._news.set()

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
