"""Pieces of recordings on their way to segments: in nameless files, not in memory.

A call gives out 2 s at a time, and 30 s of it become one file in the storage. Files without a name vanish
with the process, so that no speech is left behind on its disk. Used by the one thread that writes the log.

Calls often begin together. So that they do not all have a segment to store at the same moment, the first
segment of a call is shorter, by its phase: as many pieces as its id says.

A piece that got lost on its way is silence, so that all others stay where they were in the call. While the
storage is away, a call's file grows.
"""

from __future__ import annotations

import os
import tempfile
from binascii import crc32
from dataclasses import dataclass
from typing import IO

from patter.audio.mulaw import SILENCE
from patter.audio.wav import interleave
from patter.bridge.recorder import PIECE_MS
from patter.bridge.records import RecordingPiece

SEGMENT_MS = 30_000
BYTES_PER_MS = 16
"""Both sides."""
PHASES = SEGMENT_MS // PIECE_MS
MOST_UNSTORED_MS = 20 * SEGMENT_MS
"""Of a call whose segments cannot be stored: 10 MB. What it says afterwards is silence in its recording."""


def phase_ms(call_id: str) -> int:
    """How much shorter than the others a call's first segment is. A piece never lies in two segments."""
    return crc32(call_id.encode()) % PHASES * PIECE_MS


@dataclass(frozen=True, slots=True)
class Segment:
    """Both sides of a stretch of the call, interleaved. Each but the first and the last is 30 s."""

    index: int
    stereo: bytes


class _Growing:
    """What there is of one call and is not stored yet: a segment that grows, or several."""

    def __init__(self, call_id: str) -> None:
        self.index = 0
        self._phase_ms = phase_ms(call_id)
        self._file: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._file_begins_ms = 0
        self._size = 0

    def write(self, piece: RecordingPiece) -> None:
        """Put a piece where it belongs."""
        if not 0 <= piece.start_ms - self._begin_ms < MOST_UNSTORED_MS:
            return  # repeated, and stored long ago; or far too much
        begin = self._place(piece.start_ms)
        lost = SILENCE * max(0, begin - self._size)
        self._put(begin - len(lost), lost + interleave(piece.caller, piece.agent))

    def _put(self, at: int, audio: bytes) -> None:
        # Each question to the system takes the interpreter away from the calls for a moment: one for a piece.
        end = at + len(audio)
        while audio:
            written = os.pwrite(self._file.fileno(), audio, end - len(audio))
            audio = audio[written:]
        self._size = max(self._size, end)

    @property
    def is_whole(self) -> bool:
        return self._size >= self._place(self._end_ms)

    def read(self) -> Segment:
        """What there is of the first segment."""
        begin = self._place(self._begin_ms)
        end = min(self._place(self._end_ms), self._size)
        return Segment(self.index, os.pread(self._file.fileno(), max(0, end - begin), begin))

    def next(self) -> None:
        self.index += 1
        if self._size <= self._place(self._begin_ms):
            self._file.truncate(0)
            self._size = 0
            self._file_begins_ms = self._begin_ms

    def close(self) -> None:
        self._file.close()

    @property
    def _begin_ms(self) -> int:
        return max(0, self.index * SEGMENT_MS - self._phase_ms)

    @property
    def _end_ms(self) -> int:
        return (self.index + 1) * SEGMENT_MS - self._phase_ms

    def _place(self, at_ms: int) -> int:
        return (at_ms - self._file_begins_ms) * BYTES_PER_MS


class Spool:
    """Of one process. Repeating a piece changes nothing."""

    def __init__(self) -> None:
        self._calls: dict[str, _Growing] = {}
        self.try_again_at = 0.0
        """Set where the storage was away: no segment of any call is stored before."""

    def add(self, call_id: str, piece: RecordingPiece) -> None:
        """Keep a piece until the segment that it belongs to is ``done``."""
        growing = self._calls.get(call_id)
        if growing is None:
            growing = self._calls[call_id] = _Growing(call_id)
        growing.write(piece)

    def whole(self, call_id: str) -> Segment | None:
        """The first segment of the call that is not stored yet, if it is whole."""
        growing = self._calls.get(call_id)
        return growing.read() if growing is not None and growing.is_whole else None

    def rest(self, call_id: str) -> Segment | None:
        """At the end of the call: the first segment that is not stored yet, whole or not."""
        if (growing := self._calls.get(call_id)) is None:
            return None
        segment = growing.read()
        return segment if segment.stereo else None

    def done(self, call_id: str, segment: Segment) -> None:
        """It is stored."""
        if (growing := self._calls.get(call_id)) is not None and growing.index == segment.index:
            growing.next()

    def forget(self, call_id: str) -> None:
        """The call is over and everything of it is stored."""
        if (growing := self._calls.pop(call_id, None)) is not None:
            growing.close()


SPOOL = Spool()
"""Of this process."""
