"""The caller's leg over a media socket: commands become frames, in order.

They are written as soon as the commands of one moment are all here, without a task where the server can
do that (``direct.py``); what it refuses, one task writes, which knows how to wait.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from patter.audio.frames import FRAME_MS, silence
from patter.bridge.clock import next_tick
from patter.bridge.commands import Clear, Mark, Play
from patter.carriers.direct import Write
from patter.carriers.media_wire import MediaWire

Send = Callable[[dict[str, Any]], Awaitable[None]]
MOST_WAITING_BYTES = 320_000
"""40 s of audio. A carrier that reads so slowly is gone."""
MOST_WAITING = 2_000
"""Frames, counting what lies between two marks as one."""

SILENT_S = 0.3
"""Longer than a carrier that sends audio all the time pauses, and shorter than a caller notices."""

NORMAL, GOING_AWAY, REFUSED = 1000, 1001, 1008


class SocketLeg:
    """Meets ``patter.bridge.ports.Leg`` on an ASGI socket. ``write`` is its one task.

    Carriers take audio of any length, so what is sent in one go becomes one frame: between two marks there
    is nothing that would have to be told apart.

    Args:
        overflow: told when the carrier reads too slowly.
        write_now: writes frames at once, or refuses; None: everything is written by the task.
        silence_every_s: while the agent says nothing, a frame of silence goes out this often; None: never.
    """

    def __init__(
        self,
        wire: MediaWire,
        send: Send,
        overflow: Callable[[], None],
        silence_every_s: float | None = None,
        write_now: Write | None = None,
    ) -> None:
        self._wire = wire
        self._send = send
        self._write_now = write_now
        self._overflow = overflow
        self._silence_every_s = silence_every_s
        self._played_at = 0.0
        self._waiting: deque[list[bytes] | Mark | Clear] = deque()
        self._waiting_bytes = 0
        self._texts: deque[str] = deque()
        """Frames of what came first, as texts that are not written yet."""
        self._due = False
        self._busy = False
        """The task writes: nobody may overtake it."""
        self._news = asyncio.Event()
        self._closed = asyncio.Event()
        self._code = NORMAL
        self.heard = 0
        """Messages that came over the socket."""

    def send(self, command: Play | Mark | Clear) -> None:
        if self._closed.is_set():
            return
        if isinstance(command, Play):
            self._play(command.payload)
        else:
            self._waiting.append(command)
        self._tell()
        if self._waiting_bytes > MOST_WAITING_BYTES or len(self._waiting) > MOST_WAITING:
            self.stop(GOING_AWAY)
            self._overflow()

    def _play(self, payload: bytes) -> None:
        self._waiting_bytes += len(payload)
        if self._silence_every_s is not None:
            self._played_at = asyncio.get_running_loop().time()
        if self._waiting and isinstance(last := self._waiting[-1], list):
            last.append(payload)
        else:
            self._waiting.append([payload])

    def _tell(self) -> None:
        if self._write_now is None or self._busy:
            self._news.set()
        elif not self._due:
            # More of the same moment may follow, and is one frame with this.
            self._due = True
            asyncio.get_running_loop().call_soon(self._write_at_once)

    def _write_at_once(self) -> None:
        self._due = False
        if not self._busy and not self._all_written():
            self._news.set()

    def _all_written(self) -> bool:
        """Write what is here. False: the task has to wait, or to fail where that is seen."""
        try:
            while self._waiting:
                self._texts.extend(self._next())
            if self._texts and (self._write_now is None or not self._write_now(self._texts)):
                return False
        except RuntimeError:
            return False
        self._texts.clear()
        return True

    async def write(self) -> None:
        """Write what could not be written at once, until the leg is closed."""
        self._keep_sounding()
        while self._waiting or self._texts or not self._closed.is_set():
            await self._news.wait()
            self._news.clear()
            self._busy = True
            while self._encode():
                await self._send({"type": "websocket.send", "text": self._texts.popleft()})
            self._busy = False

    def _encode(self) -> bool:
        """Whether there are frames to be written."""
        while self._waiting and not self._texts:
            self._texts.extend(self._next())
        return bool(self._texts)

    def _next(self) -> Sequence[str]:
        item = self._waiting[0]
        payload = b"".join(item) if isinstance(item, list) else b""
        texts = self._wire.frames(Play(payload) if isinstance(item, list) else item)
        self._waiting_bytes -= len(payload)
        self._waiting.popleft()
        return texts

    def _keep_sounding(self) -> None:
        """Telnyx drops some calls to which nothing is sent: a little silence whenever nothing else is."""
        every_s = self._silence_every_s
        if every_s is None or self._closed.is_set():
            return
        loop = asyncio.get_running_loop()
        if loop.time() - self._played_at >= every_s:
            self.send(Play(silence(FRAME_MS)))
        loop.call_at(next_tick(loop.time() + every_s), self._keep_sounding)

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
    def closed(self) -> bool:
        return self._closed.is_set()

    @property
    def close_code(self) -> int:
        return self._code

    async def falls_silent(self) -> bool:
        """Whether nothing comes any more, though nobody closed it: where it broke, only the carrier knows."""
        heard = self.heard
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SILENT_S):
                await self._closed.wait()
        return self.closed or self.heard == heard

    async def wait_closed(self) -> None:
        await self._closed.wait()


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """One header of the upgrade, or empty."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
