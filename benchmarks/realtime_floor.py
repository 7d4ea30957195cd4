"""The floor of realtime: a bridge that passes base64 through and decides nothing but to clear.

uvloop, websockets, orjson, as in ``floor.py``.
"""

from __future__ import annotations

import asyncio
import sys

import orjson
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Bridge:
    """One call."""

    def __init__(self, caller: ServerConnection, port: int) -> None:
        self._caller = caller
        self._url = f"ws://127.0.0.1:{port}/v1/realtime?model=bench"
        self._stream_sid = ""

    async def run(self) -> None:
        async with connect(self._url, compression=None, proxy=None, ping_interval=None) as session:
            reading = asyncio.create_task(self._heard(session))
            try:
                async for message in self._caller:
                    data = orjson.loads(message)
                    if data["event"] == "media":
                        append = {
                            "type": "input_audio_buffer.append",
                            "audio": data["media"]["payload"],
                        }
                        await session.send(orjson.dumps(append).decode())
                    elif data["event"] == "start":
                        self._stream_sid = data["streamSid"]
            finally:
                reading.cancel()

    async def _heard(self, session: ClientConnection) -> None:
        async for message in session:
            data = orjson.loads(message)
            if data["type"] == "response.output_audio.delta":
                media = {"payload": data["delta"]}
                await self._say({"event": "media", "streamSid": self._stream_sid, "media": media})
            elif data["type"] == "input_audio_buffer.speech_started":
                await self._say({"event": "clear", "streamSid": self._stream_sid})

    async def _say(self, message: dict[str, object]) -> None:
        await self._caller.send(orjson.dumps(message).decode())


async def main(providers: int) -> None:
    async def carry(caller: ServerConnection) -> None:
        try:
            await Bridge(caller, providers).run()
        except ConnectionClosed:
            pass

    async with serve(carry, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=1024) as server:
        port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f'{{"port":{port}}}\n')
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
