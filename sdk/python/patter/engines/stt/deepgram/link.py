"""A listen socket as a Stt port. Nova and Flux differ in their dialect, not in how a socket is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from patter.audio.mulaw import level
from patter.bridge.events import SttClosed, SttEvent, SttFailed, SttOpened
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.deepgram.wire import ERROR_HEADER, PROVIDER, headers, is_permanent
from patter.engines.sockets import close_socket, closed, open_socket, send_now
from patter.engines.stt.deepgram.outbox import Outbox
from patter.engines.stt.deepgram.wire import NovaDialect
from patter.errors import ConfigError, EngineError

SPOKEN = 96
"""Of ``mulaw.level``: what is quieter is a line's noise, of which a recogniser may say nothing for long."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. ``stall_s``: somebody spoke so long ago and nothing came back, not even an empty result."""

    connect_s: float = 2.0
    stall_s: float = 6.0
    idle_s: float | None = None
    """None: as the dialect says."""


class Dialect(Protocol):
    """What a listen socket says and understands. Pure."""

    greets: bool
    """Whether the server speaks first; only then is the stream open."""
    idle_s: float
    finalize_frame: str | None
    close_frame: str

    def url(self, spec: ProviderSpec) -> str: ...
    def idle_frame(self, audio_was_sent: bool) -> str | bytes: ...
    def decode(self, stt_id: str, message: str | bytes) -> list[SttEvent]: ...


class DeepgramStt:
    """One stream of one call. Options: see ``wire.py`` of the dialect."""

    def __init__(
        self, spec: ProviderSpec, dialect: Dialect | None = None, deadlines: Deadlines | None = None
    ) -> None:
        self._spec = spec
        self._dialect: Dialect = dialect or NovaDialect()
        self._deadlines = deadlines or Deadlines()
        self._outbox = Outbox()
        self._socket: ClientConnection | None = None
        self._sent_at: float | None = None
        self._unanswered_since: float | None = None

    async def run(self, stt_id: str, emit: Emit) -> None:
        """Listen until cancelled."""
        try:
            socket = await self._connect()
        except (ConfigError, EngineError) as error:
            emit(SttFailed(stt_id, str(error), getattr(error, "permanent", True)))
        except asyncio.CancelledError:
            emit(SttClosed(stt_id))
            raise
        else:
            await self._listen(socket, stt_id, emit)

    def send(self, payload: bytes) -> None:
        """Take audio of any length. It leaves at once: every wait here is a wait for the answer."""
        if not self._outbox and payload and self._socket is not None and send_now(self._socket, payload):
            self._note_audio(payload)
        else:
            self._outbox.put_audio(payload)

    def finalize(self) -> None:
        """Ask for the final text of what was sent; it comes without ``end_of_turn``."""
        if self._dialect.finalize_frame is not None:
            self._outbox.put_control(self._dialect.finalize_frame)

    async def _connect(self) -> ClientConnection:
        return await open_socket(
            PROVIDER,
            self._dialect.url(self._spec),
            headers(self._spec),
            deadline_s=self._deadlines.connect_s,
            error_header=ERROR_HEADER,
        )

    async def _listen(self, socket: ClientConnection, stt_id: str, emit: Emit) -> None:
        writer: asyncio.Task[None] | None = None
        last: SttEvent | None = None
        try:
            if self._dialect.greets:
                await self._greeted(socket, stt_id)
            self._socket = socket
            emit(SttOpened(stt_id))
            writer = asyncio.create_task(self._write(socket), name=f"{stt_id} writer")
            last = await self._read(socket, stt_id, emit)
        except asyncio.CancelledError:
            last = SttClosed(stt_id)
            raise
        except EngineError as error:
            last = SttFailed(stt_id, str(error), error.permanent)
        finally:
            try:
                await self._leave(socket, writer)
            finally:
                emit(last or SttFailed(stt_id, f"{PROVIDER}: the stream ended"))

    async def _leave(self, socket: ClientConnection, writer: asyncio.Task[None] | None) -> None:
        self._socket = None
        if writer is not None:
            writer.cancel()
        # First, because a session that ends cancels once more what it has cancelled already.
        await close_socket(socket, self._dialect.close_frame)
        if writer is not None:
            await asyncio.gather(writer, return_exceptions=True)

    async def _greeted(self, socket: ClientConnection, stt_id: str) -> None:
        """Wait for the server's first message. Raises EngineError."""
        try:
            async with asyncio.timeout(self._deadlines.connect_s):
                events = self._dialect.decode(stt_id, await socket.recv())
        except TimeoutError:
            raise EngineError(PROVIDER, "no greeting from the server", permanent=False) from None
        except ConnectionClosed as error:
            raise self._lost(error) from None
        if events and isinstance(failed := events[-1], SttFailed):
            raise EngineError(
                PROVIDER, failed.error.removeprefix(f"{PROVIDER}: "), permanent=failed.permanent
            )

    async def _read(self, socket: ClientConnection, stt_id: str, emit: Emit) -> SttEvent:
        """Emit what is heard; return why it ended. Raises EngineError."""
        while True:
            try:
                async with asyncio.timeout(self._deadlines.stall_s / 2):
                    message = await socket.recv()
            except TimeoutError:
                if self._stalled():
                    raise EngineError(PROVIDER, "the server fell silent", permanent=False) from None
                continue
            except ConnectionClosed as error:
                raise self._lost(error) from None
            self._unanswered_since = None
            for event in self._dialect.decode(stt_id, message):
                if isinstance(event, SttFailed):
                    return event
                emit(event)

    async def _write(self, socket: ClientConnection) -> None:
        """Send what could not be sent at once, and signs of life when there is nothing else."""
        idle_s = self._deadlines.idle_s or self._dialect.idle_s
        loop = asyncio.get_running_loop()
        idle_from = loop.time()
        try:
            while True:
                messages: list[bytes | str] = []
                try:
                    async with asyncio.timeout_at(idle_from + idle_s):
                        messages = await self._outbox.take()
                except TimeoutError:
                    if self._sent_at is None or self._sent_at <= idle_from:
                        messages = [self._dialect.idle_frame(self._sent_at is not None)]
                for message in messages:
                    await socket.send(message)
                    if isinstance(message, bytes):
                        self._note_audio(message)
                idle_from = loop.time() if messages else self._sent_at or loop.time()
        except ConnectionClosed:
            return  # the reader says why

    def _note_audio(self, payload: bytes) -> None:
        self._sent_at = asyncio.get_running_loop().time()
        # Of silence there is nothing to be said.
        if self._unanswered_since is None and level(payload) >= SPOKEN:
            self._unanswered_since = self._sent_at

    def _stalled(self) -> bool:
        since = self._unanswered_since
        now = asyncio.get_running_loop().time()
        return since is not None and now - since >= self._deadlines.stall_s

    def _lost(self, error: ConnectionClosed) -> EngineError:
        code, reason = closed(error)
        words = f"closed with {code}" + (f": {reason}" if reason else "")
        return EngineError(PROVIDER, words, permanent=is_permanent(code, reason))
