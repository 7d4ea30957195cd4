"""When was audio really played? Told by marks that come late, but never early.

The earliest mark of a stretch without a gap tells the time of all of it. So what was confirmed in the
first second of a stretch waits for the marks of that second.

Marks come over the same line as the caller's frames, and in their order. So however late this process takes
a mark, it was sent before the frame that came next, and that frame tells its own time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

BYTES_PER_S = 8000
TIMED_S = 1.0
"""Five marks: one of them nearly always comes at once."""
MOST_CORRECTED_S = 0.035
"""By a frame. It may be late itself, on the caller's own way to the carrier, and then the mark was not."""
FRAME_WITHIN_S = 1.0
"""A caller whose frames do not come tells no time."""


@dataclass(frozen=True, slots=True)
class HeardAudio:
    """Audio that the caller has heard. ``ended_at`` is the loop time at which its last byte was played."""

    payload: bytes
    ended_at: float


class HeardTimes:
    """Of one call. Offsets are bytes of the reply that is being played."""

    def __init__(self) -> None:
        self._ready: list[HeardAudio] = []
        self._untimed: list[tuple[bytes, int, float]] = []
        self._from = 0
        self._zero: float | None = None  # when offset 0 would have been played
        self._marks: list[tuple[int, float]] = []  # since the last frame
        self._timed_at = 0.0

    def begin(self, offset: int, now: float) -> None:
        """A stretch without a gap begins: at the start of a reply, after an underrun, after a pause."""
        self.close()
        self._from, self._zero, self._timed_at = offset, None, now + TIMED_S

    def mark(self, offset: int, now: float) -> None:
        """The mark behind this offset came back."""
        if offset > self._from:
            self._marks.append((offset, now))

    @property
    def wait_for_frame(self) -> bool:
        """Whether marks came since the last frame."""
        return bool(self._marks)

    def frame(self, sent_at: float) -> None:
        """The caller's next frame came, which was sent then."""
        for offset, came_at in self._marks:
            told = max(min(came_at, sent_at), came_at - MOST_CORRECTED_S)
            zero = told - offset / BYTES_PER_S
            if self._zero is None or zero < self._zero:
                self._zero = zero
        self._marks.clear()

    def add(self, payload: bytes, offset: int, ended_at: float) -> None:
        """Audio up to ``offset`` was heard, at ``ended_at`` if its stretch has no mark that tells better."""
        self._untimed.append((payload, offset, ended_at))

    def close(self) -> None:
        """The stretch is over: no mark will tell more about it."""
        self.frame(inf)  # where none came, the marks' own times must do
        for payload, offset, ended_at in self._untimed:
            told = None if self._zero is None else self._zero + offset / BYTES_PER_S
            self._ready.append(HeardAudio(payload, ended_at if told is None else told))
        self._untimed.clear()

    def _is_timed(self, now: float) -> bool:
        """Whether the marks have told what they can; the newest wait for the frame that tells their time."""
        return now >= self._timed_at + (FRAME_WITHIN_S if self._marks else 0.0)

    @property
    def has_news(self) -> bool:
        """Whether anything was heard since the last time, be it timed or not."""
        return bool(self._untimed or self._ready)

    def take(self, now: float | None) -> list[HeardAudio]:
        """What was heard since the last time and has its time; all of it where ``now`` is None."""
        if self._untimed and (now is None or self._is_timed(now)):
            self.close()
        ready, self._ready = self._ready, []
        return ready
