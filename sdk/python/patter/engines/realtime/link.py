"""The socket to an OpenAI Realtime session, as a SpeechSocket port."""

from __future__ import annotations

import asyncio
from collections import deque
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from patter.bridge.events import (
    SpeechClosed,
    SpeechEvent,
    SpeechFailed,
    SpeechMessage,
    SpeechOpened,
    SpeechUsed,
)
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.openai_account import account_of
from patter.engines.realtime.settings import settings_of
from patter.engines.realtime.wire import ResponseDone, UserSaid, parse
from patter.engines.sockets import MOST_BUFFERED, close_socket, closed, open_socket, text_frame
from patter.errors import ConfigError, EngineError

CONNECT_WITHIN_S = 2.0
MOST_MESSAGE_BYTES = 16 * 1024 * 1024
"""Sound comes as fast as it is made, and half a minute of it may be one message."""
MOST_WAITING = 100
"""Frames of the caller's voice: two seconds. Of more, the oldest are dropped."""


class RealtimeLink:
    """One session. Text is sent in order and never dropped; the caller's voice is, where nobody reads it."""

    def __init__(self, spec: ProviderSpec, *, connect_within_s: float = CONNECT_WITHIN_S) -> None:
        self._spec = spec
        self._connect_within_s = connect_within_s
        self._socket: ClientConnection | None = None
        self._waiting: deque[str | bytes] = deque()
        self._frames = 0
        self._ready = asyncio.Event()

    async def run(self, speech_id: str, emit: Emit) -> None:
        """Connect, then pass on what the server says, until cancelled."""
        try:
            socket = await self._connect()
        except (ConfigError, EngineError) as error:
            emit(SpeechFailed(speech_id, str(error), getattr(error, "permanent", True)))
            return
        writer = asyncio.create_task(self._write(socket), name=f"{speech_id} writer")
        last: SpeechEvent = SpeechClosed(speech_id)
        try:
            self._socket = socket
            emit(SpeechOpened(speech_id))
            last = await self._read(socket, speech_id, emit)
        finally:
            self._socket = None
            writer.cancel()
            try:
                await close_socket(socket)
                await asyncio.gather(writer, return_exceptions=True)
            finally:
                emit(last)

    def send(self, message: str | bytes) -> None:
        """Send at once where that is possible; otherwise it waits its turn."""
        if self._waiting or not self._send_now(message):
            self._keep(message)

    def _send_now(self, message: str | bytes) -> bool:
        socket = self._socket
        if socket is None or socket.state is not State.OPEN:
            return False
        if socket.transport.get_write_buffer_size() > MOST_BUFFERED * 2:
            return False
        # Without a task and without waiting: this is done fifty times a second for each call.
        socket.transport.write(text_frame(message))
        return True

    def _keep(self, message: str | bytes) -> None:
        self._waiting.append(message)
        if isinstance(message, bytes):
            self._frames += 1
        while self._frames > MOST_WAITING:
            oldest = next(at for at, waiting in enumerate(self._waiting) if isinstance(waiting, bytes))
            del self._waiting[oldest]
            self._frames -= 1
        self._ready.set()

    async def _connect(self) -> ClientConnection:
        account = account_of(self._spec)
        model = settings_of(self._spec).model
        address = account.base_url.replace("http", "ws", 1)
        url = f"{address}/realtime?model={quote(model, safe='')}"
        return await open_socket(
            account.provider,
            url,
            account.headers,
            deadline_s=self._connect_within_s,
            most_bytes=MOST_MESSAGE_BYTES,
        )

    async def _read(self, socket: ClientConnection, speech_id: str, emit: Emit) -> SpeechEvent:
        """Emit what is said; return how it ended."""
        recv = socket.recv
        while True:
            try:
                text = await recv(decode=False)
            except ConnectionClosed as error:
                code, reason = closed(error)
                return SpeechClosed(speech_id, code, reason)
            try:
                message = parse(text)
            except ValueError:  # one message that is none must not end a call
                continue
            if message is None:
                continue
            if isinstance(message, ResponseDone | UserSaid) and message.usage:
                emit(SpeechUsed(speech_id, message.usage))
            emit(SpeechMessage(speech_id, message))

    async def _write(self, socket: ClientConnection) -> None:
        """Send what could not be sent at once."""
        try:
            while True:
                await self._ready.wait()
                self._ready.clear()
                while self._waiting:
                    message = self._waiting.popleft()
                    self._frames -= isinstance(message, bytes)
                    await socket.send(message.decode() if isinstance(message, bytes) else message)
        except ConnectionClosed:
            return  # the reader says why
