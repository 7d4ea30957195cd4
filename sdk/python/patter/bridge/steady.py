"""When media began, told by frames that come late but never early: the earliest is right."""

from __future__ import annotations

WINDOW_MS = 10_000
"""Two clocks that differ by 100 parts in a million are 1 ms apart after this."""


class SteadyZero:
    """The loop time, in seconds, of a stream's millisecond 0, plus the shortest way here."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Another stream."""
        self._before: float | None = None
        self._current: float | None = None
        self._since_ms = 0

    def note(self, ended_ms: int, now: float) -> None:
        """A frame that ended at ``ended_ms`` arrived."""
        zero = now - ended_ms / 1000
        if self._current is None or ended_ms - self._since_ms >= WINDOW_MS:
            self._before, self._current, self._since_ms = self._current, zero, ended_ms
        elif zero < self._current:
            self._current = zero

    @property
    def at(self) -> float | None:
        """None before the first frame."""
        if self._before is None or self._current is None:
            return self._current
        return min(self._before, self._current)
