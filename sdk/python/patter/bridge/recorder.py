"""Our own recording: both sides by media time, in segments of 30 s.

The agent's side holds what was heard: audio is written when playback confirms it, at the time at
which it was played. Cleared audio is never written. Gaps are silence.
"""

from __future__ import annotations

from patter.bridge.records import RecordingSegment

BYTES_PER_MS = 8
SEGMENT_BYTES = 30_000 * BYTES_PER_MS
DRIFT_BYTES = 60 * BYTES_PER_MS
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
        if abs(offset - self.end) <= DRIFT_BYTES:
            offset = self.end  # jitter of arrival is not a gap
        if offset < self.end:
            payload = payload[self.end - offset :]
            offset = self.end
        self.audio += b"\xff" * (offset - self.end) + payload

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
        self._agent.place(max(0, ended_ms * BYTES_PER_MS - len(payload)), payload)

    def take_due(self) -> list[RecordingSegment]:
        """Segments that are complete on both sides."""
        segments = []
        while self._caller.end - self._caller.base >= SEGMENT_BYTES + SETTLE_BYTES:
            segments.append(self._segment(self._caller.base + SEGMENT_BYTES))
        return segments

    def finish(self) -> list[RecordingSegment]:
        """What is left at the end of the call."""
        segments = self.take_due()
        end = max(self._caller.end, self._agent.end)
        if end > self._caller.base:
            segments.append(self._segment(end))
        return segments

    def _segment(self, upto: int) -> RecordingSegment:
        start_ms = self._caller.base // BYTES_PER_MS
        segment = RecordingSegment(self._index, start_ms, self._caller.take(upto), self._agent.take(upto))
        self._index += 1
        return segment
