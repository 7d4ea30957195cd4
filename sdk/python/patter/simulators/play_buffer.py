"""What the carrier has been given to play, on a play clock of 20 ms. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from patter.audio.frames import BYTES_PER_MS, FRAME_BYTES
from patter.audio.mulaw import SILENCE

LIMIT_BYTES = 10 * 60 * 1000 * BYTES_PER_MS
UNDERRUN_WITHIN_MS = 200.0


@dataclass(frozen=True, slots=True)
class Underrun:
    """The voice broke off: at ``at_ms`` the buffer was empty, and ``gap_ms`` later it went on."""

    at_ms: float
    gap_ms: float


class PlayBuffer:
    """Audio and marks in the order of their arrival. Times are milliseconds of the media clock.

    A mark is reached when all audio before it was played, which is at the end of its last frame.
    """

    def __init__(self) -> None:
        self._queue: deque[bytes | str] = deque()
        self._due: list[str] = []
        self._sounding = False
        self._ran_empty_at_ms: float | None = None
        self.queued_bytes = 0
        self.received_bytes = 0
        self.played_bytes = 0
        self.cleared_bytes = 0
        self.underruns: list[Underrun] = []

    def add(self, payload: bytes, now_ms: float) -> bool:
        """Append audio. False when ten minutes are waiting already: then it is lost."""
        if self.queued_bytes + len(payload) > LIMIT_BYTES:
            return False
        if self._ran_empty_at_ms is not None:
            gap_ms = now_ms - self._ran_empty_at_ms
            if 0 < gap_ms <= UNDERRUN_WITHIN_MS:
                self.underruns.append(Underrun(self._ran_empty_at_ms, gap_ms))
            self._ran_empty_at_ms = None
        if payload:
            self._queue.append(payload)
        self.queued_bytes += len(payload)
        self.received_bytes += len(payload)
        return True

    def mark(self, name: str) -> list[str]:
        """Append a mark; the marks that are reached at once come back."""
        if self._queue:
            self._queue.append(name)
        elif self._sounding:
            self._due.append(name)
        else:
            return [name]
        return []

    def clear(self) -> list[str]:
        """Drop everything. All pending marks come back, as if they had been reached."""
        marks = self._due + [item for item in self._queue if isinstance(item, str)]
        self.cleared_bytes += self.queued_bytes
        self.queued_bytes = 0
        self._queue.clear()
        self._due = []
        self._sounding = False
        self._ran_empty_at_ms = None
        return marks

    def next_frame(self, now_ms: float) -> tuple[bytes, list[str]]:
        """The frame that sounds from ``now_ms`` on, and the marks that are reached now."""
        reached, self._due = self._due, []
        frame = self._take()
        self._sounding = bool(frame)
        if frame:
            self.played_bytes += len(frame)
            self.queued_bytes -= len(frame)
            if not self.queued_bytes:
                self._ran_empty_at_ms = now_ms + len(frame) / BYTES_PER_MS
        return frame.ljust(FRAME_BYTES, SILENCE), reached

    def _take(self) -> bytes:
        """Up to one frame from the front; marks passed on the way become due."""
        pieces: list[bytes] = []
        missing = FRAME_BYTES
        while self._queue and (missing or isinstance(self._queue[0], str)):
            item = self._queue.popleft()
            if isinstance(item, str):
                self._due.append(item)
                continue
            pieces.append(item[:missing])
            if len(item) > missing:
                self._queue.appendleft(item[missing:])
            missing -= len(pieces[-1])
        return b"".join(pieces)
