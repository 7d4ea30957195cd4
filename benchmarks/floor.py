"""The floor: a bridge that passes everything on and decides nothing. What a call costs at the very least.

Caller's audio to the recogniser, a finished turn to the model, the model's text to the voice, the voice's
base64 to the caller. Interruption is the provider's word passed on. uvloop, websockets, orjson.
"""

from __future__ import annotations

import asyncio
import sys
from binascii import a2b_base64
from typing import Any

import orjson
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Bridge:
    """One call."""

    def __init__(self, caller: ServerConnection, port: int) -> None:
        self._caller = caller
        self._port = port
        self._stream_sid = ""
        self._turn = 0
        self._cleared = 0
        self._reply: asyncio.Task[None] | None = None

    async def run(self) -> None:
        base = f"ws://127.0.0.1:{self._port}"
        options: dict[str, Any] = {"compression": None, "proxy": None, "ping_interval": None}
        async with (
            connect(f"{base}/v1/listen", **options) as listen,
            connect(f"{base}/v1/text-to-speech/bench/multi-stream-input", **options) as speak,
        ):
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            tasks = [
                asyncio.create_task(self._heard(listen, speak)),
                asyncio.create_task(self._spoken(speak)),
            ]
            try:
                async for message in self._caller:
                    data = orjson.loads(message)
                    if data["event"] == "media":
                        await listen.send(a2b_base64(data["media"]["payload"]))
                    elif data["event"] == "start":
                        self._stream_sid = data["streamSid"]
            finally:
                for task in tasks:
                    task.cancel()
                self._writer.close()

    async def _heard(self, listen: ClientConnection, speak: ClientConnection) -> None:
        async for message in listen:
            data = orjson.loads(message)
            if data["type"] == "SpeechStarted":
                self._cleared = self._turn
                await self._say({"event": "clear", "streamSid": self._stream_sid})
            elif data["type"] == "Results" and data["speech_final"]:
                self._turn += 1
                text = data["channel"]["alternatives"][0]["transcript"]
                self._reply = asyncio.create_task(self._answer(text, f"t{self._turn}", speak))

    async def _answer(self, text: str, context: str, speak: ClientConnection) -> None:
        question = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": text}]}
        body = orjson.dumps(question)
        self._writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        await speak.send(orjson.dumps({"text": " ", "context_id": context}).decode())
        while (line := await self._reader.readline()) != b"0\r\n":
            if line.startswith(b'data: {"'):
                choices = orjson.loads(line[6:])["choices"]
                if choices and (piece := choices[0]["delta"].get("content")):
                    await speak.send(orjson.dumps({"text": piece, "context_id": context}).decode())
        await self._reader.readline()
        await speak.send(orjson.dumps({"text": "", "context_id": context, "flush": True}).decode())
        await speak.send(orjson.dumps({"context_id": context, "close_context": True}).decode())

    async def _spoken(self, speak: ClientConnection) -> None:
        async for message in speak:
            data = orjson.loads(message)
            if "audio" in data and data["contextId"] != f"t{self._cleared}":
                media = {"payload": data["audio"]}
                await self._say({"event": "media", "streamSid": self._stream_sid, "media": media})

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
