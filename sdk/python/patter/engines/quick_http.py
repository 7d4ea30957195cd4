"""HTTP/1.1 for answers that stream, as a transport of httpx: ``httptools`` parses, one protocol reads.

A model's answer comes in many small pieces, and httpx's own transport spends thirty times as long on them
as this one: a millisecond of every turn, while all other calls wait. It does what a provider's API needs:
requests whose body is whole, no proxies, no upgrade, no HEAD. ``httptools`` comes with the platform's server;
without it there is no such transport (``is_there``), and httpx's own is as right, only slower.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import httpx

from patter.trust import trust

try:
    import httptools
except ImportError:  # the SDK alone does not bring it
    is_there = False
else:
    is_there = True

MOST_UNREAD_BYTES = 262_144
"""Of an answer that nobody reads: then the other side waits."""
NEXT_ADDRESS_AFTER_S = 0.5
"""An address that does not answer is given up, where the host has another."""
_PORTS = {"http": 80, "https": 443}

Key = tuple[str, str, int, str]
"""Scheme, host, port, and the name that the certificate must have: what a connection is good for."""


class QuickTransport(httpx.AsyncBaseTransport):
    """Keeps connections for the next request. Of httpx's timeouts it knows ``connect``.

    Args:
        keep: how many connections wait for a next request, of each host.
        keep_s: for how long they do.
        trust: whom to trust in https; None: the roots that httpx trusts.
    """

    def __init__(self, *, keep: int, keep_s: float, trust: ssl.SSLContext | None = None) -> None:
        self._keep = keep
        self._keep_s = keep_s
        self._trust = trust
        self._idle: dict[Key, deque[_Connection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.ConnectError, ConnectTimeout, RemoteProtocolError, ReadError, UnsupportedProtocol."""
        url = request.url
        if url.scheme not in _PORTS:
            raise httpx.UnsupportedProtocol("Only http and https are called.", request=request)
        name = request.extensions.get("sni_hostname") or url.host
        key = (url.scheme, url.host, url.port or _PORTS[url.scheme], name)
        connection = self._kept(key) or await self._connect(key, request)
        try:
            head = await connection.ask(await _written(request))
        except BaseException:
            connection.abort()
            raise
        body = _Body(connection, lambda: self._give_back(key, connection))
        about = {"http_version": b"HTTP/1.1", "reason_phrase": head.reason}
        return httpx.Response(head.status, headers=head.headers, stream=body, extensions=about)

    def _kept(self, key: Key) -> _Connection | None:
        """The connection that was used last: those at the other end are nearest to their end."""
        idle = self._idle.get(key)
        while idle:
            connection = idle.pop()
            connection.keep_for(None)
            if connection.is_open:
                return connection
        return None

    async def _connect(self, key: Key, request: httpx.Request) -> _Connection:
        scheme, host, port, name = key
        secure: dict[str, Any] = {}
        if scheme == "https":
            secure = {"ssl": self._trust or trust(), "server_hostname": name}
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("connect")):
                return await _connected(host, port, secure)
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection in time", request=request) from None
        except OSError as error:  # ssl's own errors are such, too
            raise httpx.ConnectError(str(error), request=request) from error

    def _give_back(self, key: Key, connection: _Connection) -> None:
        idle = self._idle.setdefault(key, deque())
        while idle and not idle[0].is_open:
            idle.popleft()
        if len(idle) < self._keep:
            connection.keep_for(self._keep_s)
            idle.append(connection)
        else:
            connection.abort()

    async def aclose(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.abort()
        self._idle.clear()


@dataclass(frozen=True, slots=True)
class _Head:
    """Of an answer."""

    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]


class _Connection(asyncio.Protocol):
    """One connection: one request after the other. What is wrong with it is told to whoever waits."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser: Any = httptools.HttpResponseParser(self)
        self._head: asyncio.Future[_Head] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._reason = b""
        self._pieces: list[bytes] = []
        self._unread = 0
        self._news: asyncio.Future[None] | None = None
        self._until_closed = False
        self._stays = False
        self._expires: asyncio.TimerHandle | None = None
        self._error: Exception | None = None
        self.complete = False
        """The answer came to its end."""

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def keep_for(self, seconds: float | None) -> None:
        """Wait so long for a next request; None: it is here."""
        if self._expires is not None:
            self._expires.cancel()
            self._expires = None
        if seconds is not None:
            self._expires = asyncio.get_running_loop().call_later(seconds, self.abort)

    def abort(self) -> None:
        self.keep_for(None)
        if self._transport is not None:
            self._transport.abort()

    # -- a request and its answer -----------------------------------------------------------------

    async def ask(self, request: bytes) -> _Head:
        """Send this; the answer's head."""
        if self._transport is None:
            raise httpx.WriteError("The connection was closed.")
        self.complete = self._until_closed = False
        self._head = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._head
        finally:
            self._head = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The answer's body as it comes. Raises httpx.ReadError when it is cut."""
        while True:
            if self._pieces:
                yield self._take()
            elif self.complete:
                return
            elif self._error is not None:
                raise self._error
            else:
                self._news = asyncio.get_running_loop().create_future()
                await self._news

    def _take(self) -> bytes:
        taken, self._pieces = self._pieces, []
        if self._unread > MOST_UNREAD_BYTES and self._transport is not None and self.is_open:
            self._transport.resume_reading()
        self._unread = 0
        return b"".join(taken)

    @property
    def can_go_on(self) -> bool:
        """Whether another request may follow this one."""
        return self.complete and self.is_open and self._stays

    # -- asyncio's side ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is none by inheritance

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(f"not HTTP: {type(error).__name__}"))
            self.abort()
        if self._unread > MOST_UNREAD_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.keep_for(None)
        if self._until_closed and exc is None:
            self.complete = True
        elif not self.complete:
            self._fail(
                httpx.ReadError(str(exc)) if exc else httpx.RemoteProtocolError("Server disconnected.")
            )
        self._tell()

    def _fail(self, error: Exception) -> None:
        self._error = error
        if self._head is not None and not self._head.done():
            self._head.set_exception(error)

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    # -- the parser's side ------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._headers, self._reason = [], b""

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 or self._head is None or self._head.done():
            return  # an interim answer; the real one follows
        names = {name.lower() for name, _ in self._headers}
        self._until_closed = not names & {b"content-length", b"transfer-encoding"}
        self._head.set_result(_Head(status, self._reason, self._headers))

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._unread += len(piece)

    def on_message_complete(self) -> None:
        self.complete = self._parser.get_status_code() >= 200
        self._stays = self._parser.should_keep_alive()


class _Body(httpx.AsyncByteStream):
    """An answer's body. Only a connection that was read to its end can be kept for the next request."""

    def __init__(self, connection: _Connection, give_back: Any) -> None:
        self._connection = connection
        self._give_back = give_back
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._connection.pieces():
            yield piece

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._connection.can_go_on:
            self._give_back()
        else:
            self._connection.abort()


async def _connected(host: str, port: int, secure: Mapping[str, Any]) -> _Connection:
    """To the first of the host's addresses that answers. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    *others, last = dict.fromkeys(str(info[4][0]) for info in found)
    for address in others:
        with contextlib.suppress(OSError):  # a timeout is one, too
            async with asyncio.timeout(NEXT_ADDRESS_AFTER_S):
                return (await loop.create_connection(_Connection, address, port, **secure))[1]
    return (await loop.create_connection(_Connection, last, port, **secure))[1]


async def _written(request: httpx.Request) -> bytes:
    body = await request.aread()
    lines = [b"%s %s HTTP/1.1\r\n" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s\r\n" % header for header in request.headers.raw]
    return b"".join([*lines, b"\r\n", body])
