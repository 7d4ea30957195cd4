"""One speak socket: says one text at a time, and can be told to stop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from patter.engines.deepgram.wire import PROVIDER, is_permanent
from patter.engines.sockets import close_socket, closed
from patter.engines.tts.deepgram import wire
from patter.errors import EngineError


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. ``stall_s``: between two pieces of audio of one text."""

    connect_s: float = 2.0
    first_audio_s: float = 2.0
    stall_s: float = 3.0


class SpeakSocket:
    """Not for two texts at once: audio is not labelled with the text that it belongs to."""

    def __init__(self, socket: ClientConnection, deadlines: Deadlines) -> None:
        self._socket = socket
        self._deadlines = deadlines
        self._flushed_at: deque[float] = deque(maxlen=wire.MOST_FLUSHES)
        self._clears = 0
        self._ends_owed = 0

    @property
    def usable(self) -> bool:
        """Open, and allowed another flush now."""
        spent = len(self._flushed_at) == wire.MOST_FLUSHES
        now = asyncio.get_running_loop().time()
        return self._socket.state is State.OPEN and not (
            spent and now - self._flushed_at[0] < wire.FLUSH_WINDOW_S
        )

    @property
    def fresh(self) -> bool:
        """Nothing was said with it."""
        return not self._flushed_at

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Audio, until the text is said. Raises EngineError."""
        try:
            for frame in wire.speak(text):
                await self._socket.send(frame)
            self._flushed_at.append(asyncio.get_running_loop().time())
            self._ends_owed += 1
            wait_s, heard = self._deadlines.first_audio_s, False
            while (payload := await self._next(wait_s, heard)) is not None:
                wait_s, heard = self._deadlines.stall_s, True
                yield payload
        except ConnectionClosed as error:
            code, reason = closed(error)
            words = f"closed with {code}" + (f": {reason}" if reason else "")
            raise EngineError(PROVIDER, words, permanent=is_permanent(code, reason)) from None
        except TimeoutError:
            raise EngineError(PROVIDER, f"no audio for {wait_s:g} s", permanent=False) from None

    async def clear(self) -> None:
        """Stop speaking. What still comes until the server confirms it is dropped by the next ``speak``."""
        self._clears += 1
        await self._socket.send(wire.CLEAR)

    def abort(self) -> None:
        """Give the connection up without a word."""
        self._socket.transport.abort()

    async def close(self) -> None:
        await close_socket(self._socket, wire.CLOSE)

    async def _next(self, wait_s: float, heard: bool) -> bytes | None:
        """The next audio of the present text; None at its end. Raises TimeoutError, EngineError."""
        async with asyncio.timeout(wait_s):
            while True:
                match wire.decode(await self._socket.recv()):
                    case wire.Audio(payload) if not self._clears:
                        self._check(payload, heard)
                        return payload
                    case wire.Cleared():
                        self._clears = max(0, self._clears - 1)
                    case wire.Flushed():
                        if self._ended(heard):
                            return None
                    case wire.Refused(text, permanent):
                        raise EngineError(PROVIDER, text, permanent=permanent)

    def _ended(self, heard: bool) -> bool:
        # The end of a text that was cleared may be announced late, or never: it comes before any audio
        # of this one, and while more than one end is owed.
        if self._clears or (not heard and self._ends_owed > 1):
            self._ends_owed = max(1, self._ends_owed - 1)
            return False
        self._ends_owed = 0
        return True

    def _check(self, payload: bytes, heard: bool) -> None:
        if not heard and (name := wire.foreign(payload)):
            raise EngineError(PROVIDER, f"the audio is {name}, not µ-law", permanent=True)
