"""One connection as the server sees it: what came, what was sent, how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from patter.audio.frames import ms_of
from patter.simulators.deepgram.faults import Faults
from patter.simulators.deepgram.query import Query


class Over(Exception):
    """The server closes the connection. ``code`` 0 tears it down without a close frame."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


@dataclass(slots=True)
class Session:
    """For tests to look at."""

    path: str
    query: Query
    faults: Faults
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    controls: list[str] = field(default_factory=list)
    """Types of the text messages that came, in order."""
    messages: list[Mapping[str, Any]] = field(default_factory=list)
    audio: bytearray = field(default_factory=bytearray)
    audio_sizes: list[int] = field(default_factory=list)
    spoken_ms: int = 0
    close_code: int | None = None
    close_reason: str = ""
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def audio_ms(self) -> int:
        return ms_of(len(self.audio))


class Line:
    """Reads and writes for one endpoint, with the timeout and the faults that all of them share."""

    def __init__(self, socket: ServerConnection, session: Session, net_timeout_s: float) -> None:
        self._socket = socket
        self.session = session
        self.faults = session.faults
        self._net_timeout_s = net_timeout_s
        self._out: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._due = asyncio.get_running_loop().time() + net_timeout_s
        self._troubled = False

    def say(self, message: Mapping[str, Any] | bytes) -> None:
        """Queue a message for the client."""
        if not self.faults.silent:
            self._out.put_nowait(message if isinstance(message, bytes) else json.dumps(message))

    async def write(self) -> None:
        """Send what is queued, until cancelled."""
        while True:
            message = await self._out.get()
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(message)
            self._out.task_done()

    async def drain(self) -> None:
        """Wait until everything queued was sent."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._out.join()

    async def receive(self, *, times_out: bool = True) -> str | bytes:
        """The client's next message. Raises Over after too long without one (NET-0001)."""
        try:
            async with asyncio.timeout_at(self._due if times_out else None):
                message = await self._socket.recv()
        except TimeoutError:
            raise Over(
                1011, "NET-0001: neither audio nor text came from the client within the timeout window"
            ) from None
        self._note(message)
        return message

    def heard_something(self) -> None:
        """The client may be quiet for another while."""
        self._due = asyncio.get_running_loop().time() + self._net_timeout_s

    def trouble(self) -> None:
        """The faults that begin with the first work."""
        if self._troubled:
            return
        self._troubled = True
        if self.faults.error:
            self.say({"type": "Error", "variant": "Simulated", "description": self.faults.error})
        if self.faults.garbage:
            for message in ("{not json", "[1, 2]", '{"type":"Novelty","x":null}', '{"type":"Results"}'):
                self._out.put_nowait(message)

    def check_drop(self, media_ms: int) -> None:
        """Raises Over when it is time to lose the connection."""
        if 0 < self.faults.drop_at_ms <= media_ms:
            raise Over(self.faults.drop_code, self.faults.drop_reason)

    async def end(self, over: Over) -> None:
        if over.code:
            await self.drain()
            await self._socket.close(over.code, over.reason)
        else:
            self._socket.transport.abort()

    def _note(self, message: str | bytes) -> None:
        session = self.session
        if isinstance(message, bytes):
            session.audio += message
            session.audio_sizes.append(len(message))
            return
        with contextlib.suppress(ValueError):
            data = json.loads(message)
            if isinstance(data, dict):
                session.messages.append(data)
                session.controls.append(str(data.get("type")))


def control(message: str) -> Mapping[str, Any]:
    """A text message from the client. Raises Over (DATA-0000) when it is not an object with a type."""
    try:
        data = json.loads(message)
    except ValueError:
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise Over(1008, "DATA-0000: the message could not be decoded")
    return data


def check_audio(payload: bytes, *, first: bool) -> None:
    """Raises Over when this is not a piece of raw audio."""
    if not payload:
        raise Over(1000, "empty message: end of stream")
    if first and payload[:4] in (b"RIFF", b"OggS", b"fLaC") or payload[:1] == b"{" and b'"type"' in payload:
        raise Over(1008, "DATA-0000: the payload cannot be decoded as audio")
