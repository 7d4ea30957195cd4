"""Whether what a carrier sent is a whole recording: stores answer with pages, and with halves. Pure."""

from __future__ import annotations

from collections.abc import Callable

from patter.audio.wav import file_problem
from patter.errors import CarrierError

HEAD_BYTES = 12
MP3 = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")


class RecordingFile:
    """Passes the pieces of a file on, and looks at its beginning and its size."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._head = b""
        self.size = 0

    def take(self, piece: bytes) -> None:
        self._head = (self._head + piece)[:HEAD_BYTES] if len(self._head) < HEAD_BYTES else self._head
        self.size += len(piece)
        self._write(piece)

    def check(self, carrier: str) -> None:
        """All of it came. Raises CarrierError; the same file may be whole on another try."""
        if self._head.startswith(MP3):
            said = "the recording is an MP3 file, and WAV is kept here: it stays at the carrier"
            raise CarrierError(carrier, said, permanent=True, code="not_wav")
        if problem := file_problem(self._head, self.size):
            raise CarrierError(carrier, f"the recording's file {problem}", permanent=False, code="not_whole")
