"""Pieces of recordings on their way to segments: in nameless files, not in memory.

A call gives out 5 s at a time, and 30 s of it become one file in the storage. Files without a name vanish
with the process, so that no speech is left behind on its disk. Used by the one thread that writes the log.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import IO

from patter.audio.wav import interleave
from patter.bridge.records import RecordingPiece

SEGMENT_MS = 30_000
BYTES_PER_MS = 16
"""Both sides."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Both sides of a stretch of the call, interleaved. Each but the last is 30 s."""

    index: int
    stereo: bytes


class _Growing:
    """The segment of one call that is not whole yet."""

    def __init__(self) -> None:
        self.index = 0
        self.file: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115

    def write(self, at_ms: int, stereo: bytes) -> int:
        """Returns how much there is of it now, in bytes."""
        self.file.seek(at_ms * BYTES_PER_MS)
        self.file.write(stereo)
        return self.file.seek(0, 2)

    def read(self) -> Segment:
        self.file.seek(0)
        return Segment(self.index, self.file.read())

    def next(self, index: int) -> None:
        self.index = index
        self.file.truncate(0)


class Spool:
    """Of one process. Repeating a piece changes nothing."""

    def __init__(self) -> None:
        self._calls: dict[str, _Growing] = {}

    def add(self, call_id: str, piece: RecordingPiece) -> Segment | None:
        """Keep a piece; the segment that it made whole. It is kept until ``done``."""
        growing = self._calls.get(call_id)
        if growing is None:
            growing = self._calls[call_id] = _Growing()
        index, at_ms = divmod(piece.start_ms, SEGMENT_MS)
        if index < growing.index:
            return None  # repeated, and stored long ago
        if index > growing.index:
            growing.next(index)
        size = growing.write(at_ms, interleave(piece.caller, piece.agent))
        return growing.read() if size >= SEGMENT_MS * BYTES_PER_MS else None

    def done(self, call_id: str, segment: Segment) -> None:
        """It is stored."""
        if (growing := self._calls.get(call_id)) is not None and growing.index == segment.index:
            growing.next(segment.index + 1)

    def rest(self, call_id: str) -> Segment | None:
        """What there is of the last segment, at the end of the call."""
        if (growing := self._calls.get(call_id)) is None:
            return None
        segment = growing.read()
        return segment if segment.stereo else None

    def forget(self, call_id: str) -> None:
        """The call is over and everything of it is stored."""
        if (growing := self._calls.pop(call_id, None)) is not None:
            growing.file.close()


SPOOL = Spool()
"""Of this process."""
