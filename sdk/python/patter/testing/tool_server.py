"""A customer's server on loopback, told how to fail. It speaks raw HTTP, so that it can break it too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]


Act = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """``acts`` are done one for each request; the last one is repeated."""

    acts: list[Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tool"

    @property
    def effects(self) -> set[str]:
        """What a server that keeps the ids of what it did would have done."""
        return {request.webhook_id for request in self.requests}

    async def received(self, count: int = 1) -> None:
        """Wait until so many requests are here."""
        while len(self.requests) < count:
            self.arrived.clear()
            await self.arrived.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append(Request(method, path, headers, body))
            self.arrived.set()
            await (self.acts.pop(0) if len(self.acts) > 1 else self.acts[0])(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side is gone, or the test is over
        finally:
            self.open.discard(writer)
            writer.close()


def answers(status: int, body: bytes = b"", **headers: str) -> Act:
    async def act(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return act


async def hangs(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drops(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def drips(writer: asyncio.StreamWriter) -> None:
    """The head at once, the body for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drips_its_head(writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def floods(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"y" * 10_000)
        await writer.drain()


@asynccontextmanager
async def serving(*acts: Act) -> AsyncIterator[Server]:
    server = Server(list(acts) or [answers(200, b'{"ok": true}')])
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1 << 20)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for writer in server.open:
            writer.transport.abort()
        await asyncio.sleep(0)  # in which the loop lets go of them
