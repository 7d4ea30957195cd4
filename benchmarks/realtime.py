"""A Realtime session that does not think: hears voice and silence to the frame, and answers at once."""

from __future__ import annotations

import base64
from binascii import a2b_base64
from functools import lru_cache
from typing import Any

import orjson

from benchmarks import script
from benchmarks.sockets import Socket

END_BYTES = script.END_FRAMES * script.FRAME_BYTES


class Realtime:
    """``/v1/realtime``. Speech begins with its first frame: what passes until ``clear`` is the bridge's."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._voiced = self._silent = self._heard = 0
        self._turns = 0
        self._say({"type": "session.created", "session": {"type": "realtime"}})

    def message(self, opcode: int, payload: bytes) -> None:
        data = orjson.loads(payload)
        match data["type"]:
            case "input_audio_buffer.append":
                self._listen(a2b_base64(data["audio"]))
            case "session.update":
                self._say({"type": "session.updated", "session": data["session"]})
            case "conversation.item.truncate":
                told = {name: data[name] for name in ("item_id", "content_index", "audio_end_ms")}
                self._say({"type": "conversation.item.truncated", **told})

    def _listen(self, payload: bytes) -> None:
        self._heard += len(payload)
        spoken = payload.rstrip(script.SILENCE)
        if not spoken:
            self._silent += len(payload)
        else:
            if not self._voiced:
                self._turns += 1
                self._buffer("speech_started", audio_start_ms=self._ms)
            self._voiced += len(spoken)
            self._silent = len(payload) - len(spoken)
        if self._voiced and self._silent >= END_BYTES:
            self._voiced = 0
            self._answer()

    @property
    def _ms(self) -> int:
        return self._heard // 8

    def _buffer(self, what: str, **more: Any) -> None:
        self._say({"type": f"input_audio_buffer.{what}", "item_id": f"u{self._turns}", **more})

    def _answer(self) -> None:
        self._buffer("speech_stopped", audio_end_ms=self._ms)
        self._buffer("committed", previous_item_id=None)
        turn = b"%d" % self._turns
        for message in answer():
            self._socket.send(message % turn if message.count(b"%b") == 1 else message % (turn, turn))

    def _say(self, message: dict[str, Any]) -> None:
        self._socket.send(orjson.dumps(message))


@lru_cache
def answer() -> tuple[bytes, ...]:
    """The messages of one reply, but for the number of the turn."""
    audio = script.voice(script.REPLY_BYTES, 190.0)
    pieces = [
        audio[at : at + script.AUDIO_PIECE_BYTES] for at in range(0, len(audio), script.AUDIO_PIECE_BYTES)
    ]
    ids = b'"response_id":"r%b","item_id":"a%b","output_index":0,"content_index":0'
    usage = {
        "input_token_details": {"text_tokens": 20, "audio_tokens": 40},
        "output_token_details": {"text_tokens": 20, "audio_tokens": 60},
    }
    said = {"type": "conversation.item.input_audio_transcription.completed", "transcript": script.HEARD}
    text, delta = b"response.output_audio_transcript", b"response.output_audio"
    return (
        b'{"type":"response.created","response":{"id":"r%b","status":"in_progress"}}',
        *(b'{"type":"%s.delta",%s,"delta":"%s"}' % (delta, ids, base64.b64encode(piece)) for piece in pieces),
        b'{"type":"%s.delta",%s,"delta":"%s"}' % (text, ids, script.REPLY.encode()),
        b'{"type":"%s.done",%s}' % (delta, ids),
        b'{"type":"%s.done",%s,"transcript":"%s"}' % (text, ids, script.REPLY.encode()),
        b'{"type":"response.done","response":{"id":"r%b","status":"completed","usage":'
        + orjson.dumps(usage)
        + b"}}",
        orjson.dumps(said)[:-1] + b',"item_id":"u%b"}',
    )
