"""Aura as a Tts port: one socket for the whole call, one text at a time."""

from __future__ import annotations

import asyncio
import contextlib

from websockets.exceptions import ConnectionClosed

from patter.bridge.events import TtsAudio, TtsDone, TtsFailed
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.deepgram.wire import ERROR_HEADER, PROVIDER, headers
from patter.engines.sockets import open_socket
from patter.engines.tts.deepgram.socket import Deadlines, SpeakSocket
from patter.engines.tts.deepgram.wire import url
from patter.errors import ConfigError, EngineError


class DeepgramTts:
    """A voice, as ``thalia`` or ``aura-2-thalia-en``. Options: ``speed`` (0.7 to 1.5), ``mip_opt_out``.

    The socket is opened by the first text. A second text waits for the first: it comes faster than it
    is played, so nothing is lost, and a cut concerns one text only.
    """

    def __init__(self, spec: ProviderSpec, deadlines: Deadlines | None = None) -> None:
        self._spec = spec
        self._deadlines = deadlines or Deadlines()
        self._turn = asyncio.Lock()
        self._socket: SpeakSocket | None = None

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        """Emit the audio of a text, then ``TtsDone`` or ``TtsFailed``."""
        async with self._turn:
            try:
                if text.strip():
                    await self._say(say_id, text, emit)
            except (ConfigError, EngineError) as error:
                await self.close()
                emit(TtsFailed(say_id, str(error), getattr(error, "permanent", True)))
            except asyncio.CancelledError:
                await self._stop()
                raise
            else:
                emit(TtsDone(say_id))

    async def close(self) -> None:
        """Give up the socket."""
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    async def _say(self, say_id: str, text: str, emit: Emit) -> None:
        socket = await self._ready()
        used, heard = not socket.fresh, False
        try:
            async with contextlib.aclosing(socket.speak(text)) as audio:
                async for payload in audio:
                    heard = True
                    emit(TtsAudio(say_id, payload))
        except EngineError as error:
            # A socket that was kept may have died unnoticed: a new one is tried before anything was heard.
            if heard or not used or error.permanent:
                raise
            await self.close()
            await self._say(say_id, text, emit)

    async def _ready(self) -> SpeakSocket:
        """The socket, opened anew when it is gone or has flushed too often."""
        if self._socket is not None and self._socket.usable:
            return self._socket
        await self.close()
        socket = await open_socket(
            PROVIDER,
            url(self._spec),
            headers(self._spec),
            deadline_s=self._deadlines.connect_s,
            error_header=ERROR_HEADER,
        )
        self._socket = SpeakSocket(socket, self._deadlines)
        return self._socket

    async def _stop(self) -> None:
        """The reply was cut. Without confirmation that it will be silent the socket is not used again."""
        socket = self._socket
        if socket is None:
            return
        try:
            async with asyncio.timeout(self._deadlines.stall_s):
                await socket.clear()
        except (ConnectionClosed, TimeoutError):
            await self.close()
        except asyncio.CancelledError:
            self._socket = None
            socket.abort()
            raise
