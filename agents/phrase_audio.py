"""Stored phrases in memory: read once for all calls of a process, and held once.

A phrase's file is never written again under its name, so what was read stays true.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from django.core.files.storage import default_storage

MOST_BYTES = 32_000_000
"""A phrase is about 20 kB. Of more, what was not asked for longest is read again."""


class PhraseAudio:
    """Audio by the name of its file. For threads."""

    def __init__(self, read: Callable[[str], bytes], most_bytes: int = MOST_BYTES) -> None:
        self._read = read
        self._most_bytes = most_bytes
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, path: str) -> bytes:
        """Raises OSError where it is neither held nor stored."""
        with self._lock:
            if (audio := self._held.get(path)) is not None:
                self._held.move_to_end(path)
                return audio
        return self._hold(path, self._read(path))

    def _hold(self, path: str, audio: bytes) -> bytes:
        with self._lock:
            if path in self._held:  # somebody else read it meanwhile, and all share theirs
                return self._held[path]
            self._held[path] = audio
            self._bytes += len(audio)
            while self._bytes > self._most_bytes:
                _, dropped = self._held.popitem(last=False)
                self._bytes -= len(dropped)
        return audio


def _from_storage(path: str) -> bytes:
    with default_storage.open(path) as file:
        return bytes(file.read())


PHRASE_AUDIO = PhraseAudio(_from_storage)
"""Of this process."""
