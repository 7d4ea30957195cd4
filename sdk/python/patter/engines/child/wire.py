"""Messages between a process and its child: two lengths, a JSON object, raw bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_LENGTHS = struct.Struct("<II")
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    """``head`` says what it is (``type``) and for which ``stream``; ``body`` is audio, or empty."""

    head: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""

    @property
    def type(self) -> str:
        return str(self.head.get("type", ""))

    @property
    def stream(self) -> int:
        return int(self.head.get("stream", 0))


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """One message, ready for the pipe."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


class Unpacker:
    """Finds whole messages in a byte stream. Raises ValueError when it is no such stream."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take bytes and give the messages that are now whole."""
        self._held += data
        while len(self._held) >= _LENGTHS.size:
            head_bytes, body_bytes = _LENGTHS.unpack_from(self._held)
            if head_bytes + body_bytes > MAX_BYTES:
                raise ValueError("not a message")
            body_at = _LENGTHS.size + head_bytes
            end = body_at + body_bytes
            if len(self._held) < end:
                return
            head = json.loads(self._held[_LENGTHS.size : body_at])
            message = Message(head, bytes(self._held[body_at:end]))
            del self._held[:end]
            yield message
