"""Our own recording: both sides by media time, given out in pieces of 2 s.

The agent's side holds what was heard: audio is written when playback confirms it, at the time at
which it was played. Cleared audio is never written. Gaps are silence.
"""

from __future__ import annotations

from patter.bridge.records import RecordingPiece

BYTES_PER_MS = 8
PIECE_MS = 2_000
PIECE_BYTES = PIECE_MS * BYTES_PER_MS
"""Memory of a call: this and ``SETTLE_BYTES`` of both sides, 80 kB."""
JITTER_BYTES = 15 * BYTES_PER_MS
"""A frame of the caller this near to the end of the one before follows it, unless that goes on."""
CLOSE_BYTES = 4 * BYTES_PER_MS
"""Nearer than this nothing is corrected."""
PERSISTS = 25
"""Frames that are all off by more than ``CLOSE_BYTES`` show that it is no jitter."""
SETTLE_BYTES = 3_000 * BYTES_PER_MS
"""A piece waits this long past its end, because heard audio is confirmed late."""


class _Side:
    """One channel: audio placed at byte offsets of the call's media clock."""

    def __init__(self) -> None:
        self.audio = bytearray()
        self.base = 0
        self._off = 0

    @property
    def end(self) -> int:
        return self.base + len(self.audio)

    def place(self, offset: int, payload: bytes) -> None:
        """Caller audio has the carrier's own times: what overlaps came twice."""
        off = offset - self.base - len(self.audio)
        self._off = self._off + 1 if CLOSE_BYTES < abs(off) <= JITTER_BYTES else 0
        if abs(off) <= JITTER_BYTES and self._off < PERSISTS:
            self.audio += payload
            return
        self._off = 0
        self.follow(offset, payload[max(0, -off) :])

    def follow(self, offset: int, payload: bytes) -> None:
        """Place this, and lose none of it; after a gap where there was one."""
        gap = offset - self.end
        if gap > CLOSE_BYTES:
            self.audio += b"\xff" * gap
        self.audio += payload

    def take(self, upto: int) -> bytes:
        count = upto - self.base
        piece = bytes(self.audio[:count])
        del self.audio[:count]
        self.base = upto
        return piece + b"\xff" * (count - len(piece))


class Recorder:
    """Collects both sides and gives out equally long pieces."""

    def __init__(self) -> None:
        self._caller = _Side()
        self._agent = _Side()

    def caller(self, payload: bytes, media_ms: int) -> None:
        self._caller.place(media_ms * BYTES_PER_MS, payload)

    def agent(self, payload: bytes, ended_ms: int) -> None:
        self._agent.follow(max(0, ended_ms * BYTES_PER_MS - len(payload)), payload)

    @property
    def is_due(self) -> bool:
        """Whether a piece is complete on both sides. Asked for after each event of a call."""
        most = PIECE_BYTES + SETTLE_BYTES  # both sides begin at the same place
        return len(self._caller.audio) >= most or len(self._agent.audio) >= most

    def take_due(self) -> list[RecordingPiece]:
        """Pieces that are complete on both sides."""
        pieces: list[RecordingPiece] = []
        # Either side may be silent for the carrier: frames of silence need not come.
        while self.is_due:
            pieces.append(self._piece(self._caller.base + PIECE_BYTES))
        return pieces

    @property
    def _end(self) -> int:
        return max(self._caller.end, self._agent.end)

    def finish(self) -> list[RecordingPiece]:
        """What is left at the end of the call."""
        pieces, end = [], self._end
        while end > self._caller.base:
            pieces.append(self._piece(min(end, self._caller.base + PIECE_BYTES)))
        return pieces

    def _piece(self, upto: int) -> RecordingPiece:
        start_ms = self._caller.base // BYTES_PER_MS
        return RecordingPiece(start_ms, self._caller.take(upto), self._agent.take(upto))
