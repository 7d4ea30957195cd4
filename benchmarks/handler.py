"""A customer's handler that does not think: every message has its answer at once. A process of its own."""

from __future__ import annotations

import asyncio
import sys

import orjson
import uvloop

from benchmarks import script
from benchmarks.sockets import ClientSocket, connect


class Handler:
    """One connection for all calls."""

    def __init__(self, socket: ClientSocket) -> None:
        self._socket = socket
        self.lost = asyncio.Event()
        self.greeted = asyncio.Event()
        socket.on_message, socket.on_closed = self._message, self.lost.set

    def _message(self, opcode: int, payload: bytes) -> None:
        frame = orjson.loads(payload)
        if frame["type"] == "hello":
            self.greeted.set()
        elif frame["type"] == "message":
            turn = {"call_id": frame["call_id"], "turn_id": frame["turn_id"]}
            self._socket.send(orjson.dumps({"type": "received", **turn}))
            self._socket.send(orjson.dumps({"type": "response", **turn, "text": script.REPLY}))


async def main(url: str, api_key: str) -> None:
    socket = await connect(url, {"X-API-Key": api_key, "X-Patter-Protocol": "2"})
    handler = Handler(socket)
    await asyncio.wait_for(handler.greeted.wait(), 20)
    sys.stdout.write('{"connected":true}\n')
    sys.stdout.flush()
    await handler.lost.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], sys.argv[2]))
