"""One open socket to ElevenLabs, and which of its contexts is whose."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from patter.engines.refusal import read_refusal, without_keys
from patter.engines.sockets import LOGGER, way_to
from patter.engines.tts.elevenlabs import wire
from patter.engines.tts.elevenlabs.wire import Audio, Final, Settings, Trouble
from patter.errors import EngineError

PROVIDER = "elevenlabs"
CONNECT_TIMEOUT_S = 2.0
CLOSE_TIMEOUT_S = 1.0
KEEP_ALIVE_S = 20.0
HOLD = "hold"
"""A context that never speaks: only a context can be kept alive, and one that is not known would be made."""

Heard = Audio | Final | Trouble


class Line:
    """Made by ``open_line``. ``lost`` says why it can be used no more."""

    def __init__(self, socket: ClientConnection, settings: Settings, keep_alive_s: float) -> None:
        self._socket = socket
        self._settings = settings
        self._keep_alive_s = keep_alive_s
        self._listeners: dict[str, asyncio.Queue[Heard]] = {}
        self._live = {HOLD}
        self._freed = asyncio.Event()
        self._count = 0
        self.lost: Trouble | None = None
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep_alive())]

    @contextlib.asynccontextmanager
    async def speak(self, text: str) -> AsyncIterator[asyncio.Queue[Heard]]:
        """Say a text in a context of its own. Waits while the server has as many as it allows."""
        while len(self._live) >= wire.MOST_CONTEXTS:
            self._freed.clear()
            await self._freed.wait()
        self._count += 1
        context = f"c{self._count}"
        heard = self._listeners[context] = asyncio.Queue()
        if self.lost is not None:
            heard.put_nowait(self.lost)
        self._live.add(context)
        closed = False
        try:
            # Closed at once: that is how its end is told, and what was flushed is spoken all the same.
            await self._send(wire.open_context(context, self._settings))
            await self._send(wire.speak(context, text))
            await self._send(wire.close_context(context))
            closed = True
            yield heard
        finally:
            # What still comes of it is dropped. It counts as live until the server says that it is over.
            del self._listeners[context]
            if not closed:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_TIMEOUT_S):
                        await self._send(wire.close_context(context))

    async def close(self) -> None:
        """Leave. Whatever was being spoken is not wanted any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        if self.lost is None:
            self._lose(Trouble("the socket was given up", permanent=False))
        await self._socket.close()

    async def _send(self, message: str) -> None:
        # A lost socket is told to all listeners by the reader, who knows why.
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(message)

    async def _read(self) -> None:
        trouble: Trouble | None = None
        try:
            async for message in self._socket:
                for heard in wire.parse(message):
                    if isinstance(heard, Trouble) and not heard.context:
                        trouble = heard
                        break
                    self._deliver(heard)
                if trouble is not None:
                    break
        except ConnectionClosed:
            pass
        self._lose(trouble or wire.closed(self._socket.close_code, self._socket.close_reason or ""))

    def _deliver(self, heard: Heard) -> None:
        if not isinstance(heard, Audio):
            self._live.discard(heard.context)
            self._freed.set()
        if listener := self._listeners.get(heard.context):
            listener.put_nowait(heard)

    def _lose(self, trouble: Trouble) -> None:
        self.lost = trouble
        self._live.clear()
        self._freed.set()
        for listener in self._listeners.values():
            listener.put_nowait(trouble)

    async def _keep_alive(self) -> None:
        while self.lost is None:
            await asyncio.sleep(self._keep_alive_s)
            await self._send(wire.keep_alive(HOLD))


async def open_line(
    base_url: str | None, api_key: str, settings: Settings, *, keep_alive_s: float = KEEP_ALIVE_S
) -> Line:
    """Connect. Raises EngineError."""
    address, headers = wire.address(base_url, settings), {"xi-api-key": api_key}
    try:
        socket = await connect(
            address,
            additional_headers=headers,
            compression=None,
            max_size=8 * 1024 * 1024,
            open_timeout=CONNECT_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            logger=LOGGER,
            **await way_to(address),
        )
    except ValueError as error:  # an address that may not be called, or one that led elsewhere
        raise EngineError(PROVIDER, str(error), permanent=True) from None
    except InvalidStatus as error:
        answer = error.response
        refusal = read_refusal(answer.status_code, answer.headers, bytes(answer.body or b""))
        told = without_keys(refusal.error, headers)
        raise EngineError(PROVIDER, told, permanent=refusal.permanent, code=refusal.code) from None
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise EngineError(PROVIDER, f"no connection: {type(error).__name__}", permanent=False) from None
    except InvalidURI:  # whose text is the address, and there may be a key in it
        raise EngineError(PROVIDER, "the base URL is not an address", permanent=True) from None
    try:
        await socket.send(wire.open_context(HOLD, settings))
    except ConnectionClosed:
        pass  # the reader says why
    return Line(socket, settings, keep_alive_s)
