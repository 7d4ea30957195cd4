"""Providers that do not think: recognition, model and voice, true to their wires, each answer at once.

One port for all: ``/v1/listen`` (Deepgram), ``/v1/chat/completions`` and ``/v1/realtime`` (OpenAI),
``/v1/text-to-speech/{voice}/multi-stream-input`` (ElevenLabs). Whatever else is posted is taken to be
for the carrier's REST, and is a success.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from functools import lru_cache
from typing import Any

import orjson
import uvloop

from benchmarks import script
from benchmarks.realtime import Realtime
from benchmarks.sockets import BINARY, Socket, accept_head, headers_of

END_BYTES = script.END_FRAMES * script.FRAME_BYTES
STARTED_BYTES = 3 * script.FRAME_BYTES
INTERIM_BYTES = 40 * script.FRAME_BYTES


class Provider(Socket):
    """One connection: an HTTP/1.1 request after the other, or the upgrade to one of the sockets."""

    def __init__(self) -> None:
        super().__init__(client=False)
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        if self._open:
            super().data_received(data)
            return
        self._waiting += data
        while not self._open and (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end]
            fields = headers_of(head)
            if fields.get(b"upgrade", b"").lower() == b"websocket":
                rest, self._waiting = self._waiting[end + 4 :], b""
                self._upgrade(head, fields)
                if rest:
                    super().data_received(rest)
                return
            size = int(fields.get(b"content-length", b"0"))
            if len(self._waiting) < end + 4 + size:
                return
            self._waiting = self._waiting[end + 4 + size :]
            self._answer(head.split(b" ", 2)[1])

    def _upgrade(self, head: bytes, fields: dict[bytes, bytes]) -> None:
        assert self.transport is not None
        self.transport.write(accept_head(fields[b"sec-websocket-key"]))
        self.opened()
        path = head.split(b" ", 2)[1]
        spoken: Listening | Speaking | Realtime
        if path.startswith(b"/v1/realtime"):
            spoken = Realtime(self)
        else:
            spoken = Listening(self) if path.startswith(b"/v1/listen") else Speaking(self)
        self.on_message = spoken.message

    def _answer(self, path: bytes) -> None:
        assert self.transport is not None
        if path.partition(b"?")[0].endswith(b"/chat/completions"):
            self.transport.write(chat_answer())
        else:
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            )


class Listening:
    """Listen v1. A turn ends with the very frame that makes the silence long enough."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._voiced = self._silent = self._heard = 0
        self._interim_sent = False

    def message(self, opcode: int, payload: bytes) -> None:
        if opcode != BINARY:
            if b"CloseStream" in payload:
                self._socket.close()
            elif b"Finalize" in payload:
                self._results("", final=True, speech_final=False, from_finalize=True)
            return
        self._heard += len(payload)
        if self._heard // 8000 > (self._heard - len(payload)) // 8000:
            self._results("", final=False, speech_final=False)  # once a second, in silence too
        spoken = payload.rstrip(script.SILENCE)
        if spoken:
            before = self._voiced
            self._voiced += len(spoken)
            if before < STARTED_BYTES <= self._voiced:
                self._say({"type": "SpeechStarted", "channel": [0, 1], "timestamp": self._at})
            if not self._interim_sent and self._voiced >= INTERIM_BYTES:
                self._interim_sent = True
                self._results(script.INTERIM, final=False, speech_final=False)
            self._silent = len(payload) - len(spoken)
        else:
            self._silent += len(payload)
        if self._voiced and self._silent >= END_BYTES:
            self._voiced, self._interim_sent = 0, False
            self._results(script.HEARD, final=True, speech_final=True)

    @property
    def _at(self) -> float:
        return self._heard / 8000

    def _results(self, text: str, *, final: bool, speech_final: bool, from_finalize: bool = False) -> None:
        words = [
            {"word": word, "start": self._at, "end": self._at, "confidence": 0.99} for word in text.split()
        ]
        self._say(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "duration": 1.0,
                "start": max(0.0, self._at - 1.0),
                "is_final": final,
                "speech_final": speech_final,
                "from_finalize": from_finalize,
                "channel": {"alternatives": [{"transcript": text, "confidence": 0.99, "words": words}]},
                "metadata": {"request_id": "bench", "model_info": {"name": "bench"}, "model_uuid": "bench"},
            }
        )

    def _say(self, message: dict[str, Any]) -> None:
        self._socket.send(orjson.dumps(message))


class Speaking:
    """Multi-context speech: what is flushed in a context comes back as µ-law at once."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._texts: dict[str, str] = {}

    def message(self, opcode: int, payload: bytes) -> None:
        data = orjson.loads(payload)
        if data.get("close_socket"):
            self._socket.close()
            return
        context = data.get("context_id", "default")
        text = self._texts.get(context, "") + data.get("text", "")
        if text.strip() and (data.get("flush") or data.get("close_context")):
            for message in spoken(text.strip()):
                self._socket.send(message % context.encode())
            text = ""
        self._texts[context] = text
        if data.get("close_context"):
            del self._texts[context]
            self._socket.send(b'{"isFinal":true,"contextId":"%s"}' % context.encode())


@lru_cache
def spoken(text: str) -> tuple[bytes, ...]:
    """The messages in which a text is spoken, but for the name of the context."""
    audio = script.voice(script.speech_bytes(text), 190.0)
    pieces = [
        audio[at : at + script.AUDIO_PIECE_BYTES] for at in range(0, len(audio), script.AUDIO_PIECE_BYTES)
    ]
    messages = []
    for index, piece in enumerate(pieces):
        said = text[len(text) * index // len(pieces) : len(text) * (index + 1) // len(pieces)]
        step = len(piece) // 8 // max(1, len(said))
        alignment = {
            "chars": list(said),
            "charStartTimesMs": [step * at for at in range(len(said))],
            "charDurationsMs": [step] * len(said),
        }
        body = orjson.dumps({"audio": base64.b64encode(piece).decode(), "alignment": alignment})
        messages.append(body[:-1].replace(b"%", b"%%") + b',"contextId":"%s"}')
    return tuple(messages)


@lru_cache
def chat_answer() -> bytes:
    """A whole streamed completion: a token to an event, an event to an HTTP chunk."""

    def event(choices: list[dict[str, Any]], **more: Any) -> bytes:
        chunk = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": "bench"}
        line = b"data: " + orjson.dumps({**chunk, "choices": choices, **more}) + b"\n\n"
        return b"%x\r\n%s\r\n" % (len(line), line)

    def delta(body: dict[str, Any], finish: str | None = None) -> bytes:
        return event([{"index": 0, "delta": body, "finish_reason": finish}])

    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    done = b"data: [DONE]\n\n"
    return b"".join(
        [
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
            delta({"role": "assistant", "content": ""}),
            *(delta({"content": token}) for token in script.tokens(script.REPLY)),
            delta({}, "stop"),
            event([], usage=usage),
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(done), done),
        ]
    )


async def serve() -> None:
    chat_answer()
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f'{{"port":{server.sockets[0].getsockname()[1]}}}\n')
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
