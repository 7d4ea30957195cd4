"""A conversation with an ElevenLabs agent as a SpeechSocket port: a signed address by REST, then a socket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from patter.bridge.events import (
    Event,
    SpeechClosed,
    SpeechFailed,
    SpeechMessage,
    SpeechOpened,
    SpeechUsed,
)
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.convai import wire
from patter.engines.convai.ask_line import AskLine
from patter.engines.convai.outbox import Outbox
from patter.engines.convai.settings import settings_of
from patter.engines.convai.wanted import ReplyEnd, ReplyPiece
from patter.engines.options import key_of
from patter.engines.sockets import close_socket, open_socket, send_now
from patter.engines.web import broken, open_answer
from patter.errors import ConfigError, EngineError

PROVIDER = "elevenlabs"
MOST_MESSAGE_BYTES = 16 * 1024 * 1024
COUNT_EVERY_S = 1.0
"""How often it is told how long the conversation has been, which is what the vendor bills."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds."""

    signed_url_s: float = 2.5
    connect_s: float = 2.0


class ConvaiSocket:
    """One conversation. ``asks`` is the call's line for replies, where a handler gives them."""

    def __init__(
        self, spec: ProviderSpec, asks: AskLine | None = None, deadlines: Deadlines | None = None
    ) -> None:
        self._spec = spec
        self._asks = asks
        self._deadlines = deadlines or Deadlines()
        self._outbox = Outbox()
        self._socket: ClientConnection | None = None
        self._counted_at = 0.0

    async def run(self, speech_id: str, emit: Emit) -> None:
        """Converse until cancelled, or until the vendor ends it."""
        try:
            url = await self._signed_url()
            socket = await open_socket(
                PROVIDER, url, {}, deadline_s=self._deadlines.connect_s, most_bytes=MOST_MESSAGE_BYTES
            )
        except (ConfigError, EngineError) as error:
            emit(SpeechFailed(speech_id, str(error), getattr(error, "permanent", True)))
        else:
            await self._converse(socket, speech_id, emit)

    def send(self, message: Any) -> None:
        """A message of ``wire.py`` for the vendor, or a piece of a reply for whoever asked for it."""
        if isinstance(message, ReplyPiece | ReplyEnd):
            if self._asks is not None:
                self._asks.send(message)
        elif self._outbox or self._socket is None or not send_now(self._socket, wire.encode(message)):
            self._outbox.put(message)

    # -- opening ----------------------------------------------------------------------------------

    async def _signed_url(self) -> str:
        """Raises EngineError and ConfigError."""
        settings = settings_of(self._spec)
        base_url = wire.host_of(self._spec.base_url)
        loop = asyncio.get_running_loop()

        def make(client: httpx.AsyncClient) -> httpx.Request:
            headers = {"xi-api-key": key_of(self._spec, "ElevenLabs")}
            return client.build_request("GET", wire.signed_url_query(settings.agent_id), headers=headers)

        deadline_s = self._deadlines.signed_url_s
        try:
            async with asyncio.timeout(deadline_s):
                response = await open_answer(PROVIDER, base_url, make, until=loop.time() + deadline_s)
                try:
                    url = _url_in(await response.aread())
                finally:
                    await response.aclose()
        except TimeoutError:
            raise EngineError(PROVIDER, f"no signed address in {deadline_s:g} s", permanent=False) from None
        except httpx.HTTPError as error:
            raise broken(PROVIDER, error) from None
        if not wire.is_socket_of(base_url, url):
            raise EngineError(PROVIDER, "the signed address leads somewhere else", permanent=True)
        return url

    # -- the conversation -------------------------------------------------------------------------

    async def _converse(self, socket: ClientConnection, speech_id: str, emit: Emit) -> None:
        last: Event = SpeechClosed(speech_id)
        writer = asyncio.create_task(self._write(socket), name=f"{speech_id} writer")
        try:
            self._socket = socket
            self._counted_at = asyncio.get_running_loop().time()
            if self._asks is not None:
                self._asks.connect(lambda message: emit(SpeechMessage(speech_id, message)))
            emit(SpeechOpened(speech_id))
            last = await self._read(socket, speech_id, emit)
        finally:
            self._socket = None
            if self._asks is not None:
                self._asks.disconnect()
            writer.cancel()
            try:
                # First, because a session that ends cancels once more what it has cancelled already.
                await close_socket(socket)
            finally:
                self._count(speech_id, emit, every_s=0.0)
                emit(last)
            await asyncio.gather(writer, return_exceptions=True)

    async def _read(self, socket: ClientConnection, speech_id: str, emit: Emit) -> Event:
        """Emit what comes; return why it ended."""
        while True:
            try:
                message = wire.decode(await socket.recv())
            except ConnectionClosed as error:
                if error.rcvd is None:
                    return SpeechFailed(speech_id, f"{PROVIDER}: the socket was lost")
                return SpeechClosed(speech_id, error.rcvd.code, error.rcvd.reason)
            self._count(speech_id, emit, every_s=COUNT_EVERY_S)
            if message is not None:
                emit(SpeechMessage(speech_id, message))

    async def _write(self, socket: ClientConnection) -> None:
        """Send what could not be sent at once."""
        try:
            while True:
                for frame in await self._outbox.take():
                    await socket.send(frame)
        except ConnectionClosed:
            return  # the reader says why

    def _count(self, speech_id: str, emit: Emit, *, every_s: float) -> None:
        """Tell how long the conversation has gone on since it was told last."""
        passed_s = asyncio.get_running_loop().time() - self._counted_at
        if passed_s >= every_s and (passed_ms := int(passed_s * 1000)):
            self._counted_at += passed_ms / 1000
            emit(SpeechUsed(speech_id, {"speech_ms": passed_ms}))


def _url_in(body: bytes) -> str:
    try:
        url = json.loads(body)["signed_url"]
    except (ValueError, KeyError, TypeError):
        raise EngineError(PROVIDER, "the signed address cannot be read", permanent=False) from None
    return str(url)
