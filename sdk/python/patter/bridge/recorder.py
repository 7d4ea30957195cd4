"""Our own recording: both sides by media time, in segments of 15 s.

The agent's side holds what was heard: audio is written when playback confirms it, at the time at
which it was played. Cleared audio is never written. Gaps are silence.
"""

from __future__ import annotations

from patter.bridge.records import RecordingSegment

BYTES_PER_MS = 8
SEGMENT_BYTES = 15_000 * BYTES_PER_MS
"""Twice 30 s was more memory than everything else of a call together."""
JITTER_BYTES = 20 * BYTES_PER_MS
"""A piece this near to the end of the one before follows it: two sides stay within 40 ms."""
SETTLE_BYTES = 3_000 * BYTES_PER_MS
"""A segment waits this long past its end, because heard audio is confirmed late."""


class _Side:
    """One channel: audio placed at byte offsets of the call's media clock."""

    def __init__(self) -> None:
        self.audio = bytearray()
        self.base = 0

    @property
    def end(self) -> int:
        return self.base + len(self.audio)

    def place(self, offset: int, payload: bytes) -> None:
        """Caller audio has the carrier's own times: what overlaps came twice."""
        end = self.end
        if offset < end - JITTER_BYTES:
            payload = payload[end - offset :]
        self.follow(offset, payload)

    def follow(self, offset: int, payload: bytes) -> None:
        """Place this, and lose none of it; after a gap where there was one."""
        gap = offset - self.end
        if gap > JITTER_BYTES:
            self.audio += b"\xff" * gap
        self.audio += payload

    def take(self, upto: int) -> bytes:
        count = upto - self.base
        piece = bytes(self.audio[:count])
        del self.audio[:count]
        self.base = upto
        return piece + b"\xff" * (count - len(piece))


class Recorder:
    """Collects both sides and gives out equally long segments."""

    def __init__(self) -> None:
        self._caller = _Side()
        self._agent = _Side()
        self._index = 0

    def caller(self, payload: bytes, media_ms: int) -> None:
        self._caller.place(media_ms * BYTES_PER_MS, payload)

    def agent(self, payload: bytes, ended_ms: int) -> None:
        self._agent.follow(max(0, ended_ms * BYTES_PER_MS - len(payload)), payload)

    @property
    def is_due(self) -> bool:
        """Whether a segment is complete on both sides. Asked for after each event of a call."""
        most = SEGMENT_BYTES + SETTLE_BYTES  # both sides begin at the same place
        return len(self._caller.audio) >= most or len(self._agent.audio) >= most

    def take_due(self) -> list[RecordingSegment]:
        """Segments that are complete on both sides."""
        segments: list[RecordingSegment] = []
        # Either side may be silent for the carrier: frames of silence need not come.
        while self.is_due:
            segments.append(self._segment(self._caller.base + SEGMENT_BYTES))
        return segments

    @property
    def _end(self) -> int:
        return max(self._caller.end, self._agent.end)

    def finish(self) -> list[RecordingSegment]:
        """What is left at the end of the call."""
        segments, end = [], self._end
        while end > self._caller.base:
            segments.append(self._segment(min(end, self._caller.base + SEGMENT_BYTES)))
        return segments

    def _segment(self, upto: int) -> RecordingSegment:
        start_ms = self._caller.base // BYTES_PER_MS
        segment = RecordingSegment(self._index, start_ms, self._caller.take(upto), self._agent.take(upto))
        self._index += 1
        return segment
