"""The child's side: messages in from stdin, out to stdout, until the parent is gone."""

from __future__ import annotations

import os
import sys
from typing import Any

from patter.engines.child.wire import Message, Unpacker, pack


class Pipe:
    """stdin and stdout, kept for messages. Whatever a library prints goes to stderr instead."""

    def __init__(self) -> None:
        self._in = os.dup(sys.stdin.fileno())
        self._out = os.dup(sys.stdout.fileno())
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._unpacker = Unpacker()

    def read(self) -> list[Message] | None:
        """Wait for messages; None once the parent has gone."""
        while True:
            data = os.read(self._in, 65536)
            if not data:
                return None
            if messages := list(self._unpacker.feed(data)):
                return messages

    def say(self, type_: str, stream: int, body: bytes = b"", **fields: Any) -> None:
        """Send one message."""
        view = memoryview(pack({"type": type_, "stream": stream, **fields}, body))
        while view:
            view = view[os.write(self._out, view) :]
