"""A platform's socket that a test scripts: what a client sends is awaited, and anything is said to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

KEY = "pt_of_a_test"


class Platform:
    """``greets`` off: a server from before there was a greeting."""

    def __init__(self, *, greets: bool = True, port: int = 0) -> None:
        self.greets = greets
        self.port = port
        self.sockets: list[ServerConnection] = []
        self.paths: list[str] = []
        self.knows = True
        """Whether it remembers connections that come back."""
        self.brief = 0
        """How many of the next sockets are closed in the moment of the greeting."""
        self._frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._opened = asyncio.Condition()
        self._seq = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def carry(self, socket: ServerConnection) -> None:
        request = socket.request
        assert request is not None
        self.paths.append(request.path)
        if request.headers.get("X-API-Key") != KEY:
            await socket.close(4001, "This API key is not valid.")
            return
        if not self.greets:
            await socket.wait_closed()
            return
        self._seq = 0
        name = f"con_{len(self.sockets)}"
        async with self._opened:
            self.sockets.append(socket)
            self._opened.notify_all()
        await self.say("hello", connection_id=name, resumed=False)
        if self.brief:
            self.brief -= 1
            await socket.close(1011)
        try:
            async for text in socket:
                await self._heard(json.loads(text))
        except ConnectionClosed:
            return

    async def _heard(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "resume":
            self._seq = frame["last_seq"] if self.knows else self._seq
            name = frame["connection_id"] if self.knows else f"con_{len(self.sockets) - 1}"
            await self.say("hello", connection_id=name, resumed=self.knows)
        self._frames.put_nowait(frame)

    async def say(self, kind: str, **fields: Any) -> None:
        """To the newest connection."""
        self._seq += 1
        await self.sockets[-1].send(json.dumps({"type": kind, "seq": self._seq, **fields}))

    async def ask(self, turn_id: str, text: str = "hello", call_id: str = "call_1") -> None:
        history = [{"role": "user", "text": text}]
        asked = {"call_id": call_id, "turn_id": turn_id, "text": text, "history": history}
        await self.say("message", caller="+1555", **asked)

    async def hears(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these kinds."""
        async with asyncio.timeout(10):
            while (frame := await self._frames.get())["type"] not in kinds:
                continue
        return frame

    def silent(self) -> bool:
        """Whether nothing more was sent."""
        return self._frames.empty()

    async def connections(self, count: int) -> None:
        async with asyncio.timeout(10), self._opened:
            await self._opened.wait_for(lambda: len(self.sockets) >= count)

    async def drop(self) -> None:
        """The newest connection is cut, without a word."""
        self.sockets[-1].transport.abort()


@asynccontextmanager
async def platform(**options: Any) -> AsyncIterator[Platform]:
    served = Platform(**options)
    async with serve(served.carry, "127.0.0.1", served.port, ping_interval=None) as server:
        served.port = server.sockets[0].getsockname()[1]
        yield served
