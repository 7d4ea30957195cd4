"""A WebSocket with as little in it as possible, for the load's side of the benchmark.

What makes the load shares one core among all its calls, and its own slowness would count as the
platform's. So: no extensions, no queues, no tasks; a callback for each message. Frames of a client carry
a mask of zeros, which the protocol allows and which costs nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import urlsplit

from websockets.speedups import apply_mask

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode: int, payload: bytes, *, masked: bool) -> bytes:
    size, bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head = bytes((0x80 | opcode, bit | size))
    elif size < 65536:
        head = bytes((0x80 | opcode, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, bit | 127)) + size.to_bytes(8, "big")
    return head + (b"\0\0\0\0" if masked else b"") + payload


class Socket(asyncio.Protocol):
    """One side of a WebSocket, after the handshake. ``on_message(opcode, payload)``, ``on_closed()``."""

    def __init__(self, *, client: bool) -> None:
        self._client = client
        self._rest = b""
        self._pieces: list[bytes] = []
        self._open = False
        self.transport: asyncio.Transport | None = None
        self.on_message: Callable[[int, bytes], None] = lambda opcode, payload: None
        self.on_closed: Callable[[], None] = lambda: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.on_closed()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            self._rest = b""
            self.handshake(data[:end])
            data = data[end + 4 :]
            if not self._open:
                return
        self._rest = self._frames(data)

    def handshake(self, head: bytes) -> None:
        raise NotImplementedError

    def opened(self) -> None:
        self._open = True

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        if self.transport is not None:
            self.transport.write(frame(opcode, payload, masked=self._client))

    def close(self, code: int = 1000) -> None:
        if self.transport is not None:
            self.send(code.to_bytes(2, "big"), CLOSE)
            self.transport.close()

    def _frames(self, data: bytes) -> bytes:
        """Deal with every whole frame; give back the rest."""
        at, end = 0, len(data)
        while end - at >= 2:
            size, begin = data[at + 1] & 0x7F, at + 2
            if size == 126:
                size, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, begin = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            masked = data[at + 1] & 0x80
            body = begin + 4 if masked else begin
            if body > end or body + size > end:
                break
            payload = data[body : body + size]
            if masked:
                payload = apply_mask(payload, data[begin:body])
            self._one(data[at], payload)
            at = body + size
        return data[at:]

    def _one(self, first: int, payload: bytes) -> None:
        opcode = first & 0x0F
        if opcode == PING:
            self.send(payload, PONG)
        elif opcode == CLOSE:
            self.close()
        elif opcode == PONG:
            pass
        elif first & 0x80 and opcode:
            self.on_message(opcode, payload)
        else:
            self._pieces.append(payload)
            if first & 0x80:
                whole, self._pieces = b"".join(self._pieces), []
                self.on_message(TEXT, whole)


class ClientSocket(Socket):
    def __init__(self, request: bytes, opened: asyncio.Future[None]) -> None:
        super().__init__(client=True)
        self._request = request
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.transport is not None:
            self.transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self._opened.done():
            self._opened.set_exception(ConnectionError("closed in the handshake"))

    def handshake(self, head: bytes) -> None:
        status = head.split(b"\r\n", 1)[0]
        if b" 101 " in status + b" ":
            self.opened()
            if not self._opened.done():
                self._opened.set_result(None)
        elif not self._opened.done():
            self._opened.set_exception(ConnectionError(f"refused: {status.decode('latin-1')}"))


async def connect(url: str, headers: Mapping[str, str] | None = None) -> ClientSocket:
    """A client's socket, open. Raises OSError."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[None] = loop.create_future()
    _, made = await loop.create_connection(
        lambda: ClientSocket(request, opened), parts.hostname or "127.0.0.1", parts.port or 80
    )
    await asyncio.wait_for(opened, 10)
    return made


def accept_head(key: bytes) -> bytes:
    """The answer to a client's upgrade."""
    accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + accept,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def headers_of(head: bytes) -> dict[bytes, bytes]:
    """Header fields by their names in small letters."""
    fields = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in fields}
