"""One connection to the platform that outlives its sockets: connected, lost, connected again, resumed.

``run`` is its task. What comes is handed to ``take``; what is sent while no socket is open waits for the
next one. A key that is refused ends it: trying again would not help.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from patter.cloud import messages
from patter.cloud.ledger import Ledger
from patter.cloud.messages import Frame
from patter.cloud.unreachable import unreachable
from patter.errors import AuthError, ConnectError
from patter.options import CloudOptions

logger = logging.getLogger("patter")
WIRE_LOGGER = logging.getLogger(__name__)
"""The library's own: it would write whole requests to the debug log, and so the key."""
WIRE_LOGGER.setLevel(logging.WARNING)

OPEN_WITHIN_S = 10.0
HELLO_WITHIN_S = 5.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 15.0
STEADY_AFTER_S, LONGEST_BRIEF_WAIT_S = 1.0, 1.0
"""Who greets and closes at once, again and again, is not asked without a pause."""
LEAVE_WITHIN_S = 1.0
MOST_WAITING = 5_000
MAX_FRAME_BYTES = 16 * 1024 * 1024
REFUSED, NOT_ALLOWED, REPLACED = 4001, 4003, 4009
COMING_BACK = 4010
"""We close, and connect again. A plain 1000 would say that this program has ended."""


class Socket:
    """``take`` gets every frame but ``hello`` and ``goaway``. It must not block."""

    def __init__(
        self,
        options: CloudOptions,
        take: Callable[[Frame], None],
        *,
        numbers: Sequence[str] = (),
        agents: Sequence[str] = (),
    ) -> None:
        names = [("number", number) for number in numbers] + [("agent", agent) for agent in agents]
        query = f"?{urlencode(names)}" if names else ""
        self._base = options.backend_url
        self._url = f"{options.backend_url}/ws/sdk{query}"
        self._key = options.api_key
        self._take = take
        self._waiting: deque[str] = deque()
        self._news = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._closing = asyncio.Event()
        self.ledger = Ledger()

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def send(self, frame: Frame) -> None:
        """Queue a frame, in order. Never blocks; while no socket is open it waits, and the oldest goes."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            logger.warning("A frame for the platform was dropped: too many wait")
        self._waiting.append(messages.write(frame))
        self._news.set()

    async def open(self) -> None:
        """The first socket. Raises AuthError and ConnectError, with what to change."""
        self._socket = await self._connected()

    async def run(self) -> None:
        """Read, write and connect again until ``close``. Raises AuthError when the key is refused."""
        wait_s, said, brief = FIRST_WAIT_S, "", 0
        while not self._closing.is_set():
            if self._socket is not None:
                if said:
                    logger.warning("Patter is connected again.")
                brief = 0 if await self._carry(self._socket) else brief + 1
                wait_s, said = FIRST_WAIT_S, ""
                if brief > 1:  # the first may have met a server in the moment of its end
                    await self._pause(min(FIRST_WAIT_S * 2 ** min(brief, 9), LONGEST_BRIEF_WAIT_S))
            if self._closing.is_set():
                return
            try:
                self._socket = await self._connected()
            except AuthError:
                raise
            except ConnectError as error:
                if str(error) != said:
                    said = str(error)
                    logger.warning("Patter is not reached, and tried again until it is: %s", said)
                await self._pause(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _pause(self, about_s: float) -> None:
        """Not so many at the same moment; and ``close`` is not kept waiting."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), about_s * random.uniform(0.5, 1.0))

    async def leave(self) -> None:
        """End in order as far as a moment allows: the loop ends, and the other side may be silent."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self.close()
        self.drop()

    async def close(self) -> None:
        """End in order: what waits is sent, then the socket is closed."""
        self._closing.set()
        if (socket := self._socket) is not None:
            with contextlib.suppress(WebSocketException, OSError):
                while self._waiting:
                    await socket.send(self._waiting.popleft())
                await socket.close()

    def drop(self) -> None:
        """Forget the socket: its tasks were cancelled behind our back."""
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None

    # -- one socket -----------------------------------------------------------------------------------

    async def _carry(self, socket: ClientConnection) -> bool:
        """Until it is lost. Whether it lived for a while."""
        loop = asyncio.get_running_loop()
        steady_at = loop.time() + STEADY_AFTER_S
        writing = asyncio.create_task(self._write(socket), name="patter socket out")
        try:
            async for text in socket:
                frame = messages.read(text)
                if frame is None:
                    continue
                if frame["type"] == "goaway":  # the server drains; whoever is there next has our calls
                    await socket.close(COMING_BACK)
                    break
                if frame["type"] == "hello":
                    self.ledger.greeted_again(frame)
                self._read(frame)
        except ConnectionClosed:
            pass  # looked at below
        finally:
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writing
        self._socket = None  # one that was cancelled is still open: ``drop`` or ``close`` is next
        self._judge_close(socket.close_code, socket.close_reason or "")
        return loop.time() >= steady_at

    def _judge_close(self, code: int | None, reason: str) -> None:
        if code in (REFUSED, NOT_ALLOWED):
            raise AuthError(reason or "The platform refused the API key.")
        if code == REPLACED and not self._closing.is_set():
            logger.warning("This connection was resumed by another process with the same id")

    def _read(self, frame: Frame) -> None:
        self.ledger.read(frame)
        self._take(frame)

    async def _write(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                while self._waiting:
                    text = self._waiting[0]
                    await socket.send(text)
                    if self._waiting and self._waiting[0] is text:
                        self._waiting.popleft()
                self._news.clear()
                await self._news.wait()

    # -- connecting -------------------------------------------------------------------------------------

    async def _connected(self) -> ClientConnection:
        socket = await self._opened()
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                frame = messages.read(await socket.recv())
        except TimeoutError:
            await socket.close()
            raise ConnectError(
                f"{self._base} sent no greeting. It runs a Patter that is older than this SDK: update it."
            ) from None
        except ConnectionClosed:
            raise self._closed(socket) from None
        if frame is None or frame["type"] != "hello":
            await socket.close()
            raise ConnectError(f"What answers at {self._base} does not speak Patter's protocol.")
        before = self.ledger.connected(frame)
        self._read(frame)
        if before is not None:
            # Before anything that waits: frames are answered under the name that they were asked under.
            try:
                await socket.send(messages.write(messages.resume(*before)))
            except ConnectionClosed:
                raise self._closed(socket) from None
        return socket

    def _closed(self, socket: ClientConnection) -> ConnectError:
        """Why it was closed before it could be used. Raises AuthError when the key is refused."""
        self._judge_close(socket.close_code, socket.close_reason or "")
        return ConnectError(f"{self._base} closed the connection ({socket.close_code}).")

    async def _opened(self) -> ClientConnection:
        headers = {"X-API-Key": self._key, "X-Patter-Protocol": str(messages.PROTOCOL)}
        options: dict[str, Any] = {"compression": None, "max_size": MAX_FRAME_BYTES, "logger": WIRE_LOGGER}
        try:
            return await connect(self._url, additional_headers=headers, open_timeout=OPEN_WITHIN_S, **options)
        except InvalidStatus as error:
            status = error.response.status_code
            raise ConnectError(
                f"{self._url} answers with HTTP {status}, not with Patter's socket. Check backend_url."
            ) from error
        except (InvalidHandshake, InvalidURI) as error:
            raise ConnectError(f"{self._base} is not Patter's socket: {error}. Check backend_url.") from error
        except TimeoutError as error:
            raise ConnectError(f"{self._base} did not answer within {OPEN_WITHIN_S:g} s.") from error
        except OSError as error:
            raise unreachable(self._base, "backend_url", error) from error
