"""When was audio really played? Told by marks that come late, but never early.

The earliest mark of a stretch without a gap tells the time of all of it. So what was confirmed in the
first second of a stretch waits for the marks of that second.
"""

from __future__ import annotations

from dataclasses import dataclass

BYTES_PER_S = 8000
TIMED_S = 1.0
"""Five marks: one of them nearly always comes at once."""


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
        self._timed_at = 0.0

    def begin(self, offset: int, now: float) -> None:
        """A stretch without a gap begins: at the start of a reply, after an underrun, after a pause."""
        self.close()
        self._from, self._zero, self._timed_at = offset, None, now + TIMED_S

    def mark(self, offset: int, now: float) -> None:
        """The mark behind this offset came back."""
        zero = now - offset / BYTES_PER_S
        if offset > self._from and (self._zero is None or zero < self._zero):
            self._zero = zero

    def add(self, payload: bytes, offset: int, ended_at: float) -> None:
        """Audio up to ``offset`` was heard, at ``ended_at`` if its stretch has no mark that tells better."""
        self._untimed.append((payload, offset, ended_at))

    def close(self) -> None:
        """The stretch is over: no mark will tell more about it."""
        for payload, offset, ended_at in self._untimed:
            told = None if self._zero is None else self._zero + offset / BYTES_PER_S
            self._ready.append(HeardAudio(payload, ended_at if told is None else told))
        self._untimed.clear()

    def take(self, now: float | None) -> list[HeardAudio]:
        """What was heard since the last time and has its time; all of it where ``now`` is None."""
        if self._untimed and (now is None or now >= self._timed_at):
            self.close()
        ready, self._ready = self._ready, []
        return ready
