"""The call's media clock: where we are in the caller's audio, told by the carrier's own timestamps."""

from __future__ import annotations

from math import ceil

from patter.bridge.steady import SteadyZero

STRAY_MS = 10_000
"""A frame further than this from where its stream should be does not move the clock."""

BEHIND_MS, BEHIND_FRAMES = 1_000, 3
"""So many frames in a row that are so much behind were counted anew; a single one only came late."""

TICK_S = 0.02
"""As long as a frame, with which a call looks at its timers in any case."""


def next_tick(at: float) -> float:
    """When to wake up for something that is due at ``at``: together with all other calls of the process.

    To wake up for one timer alone costs more than all that is done with a frame.
    """
    return max(at, ceil(at / TICK_S) * TICK_S)


def earliest(*times: float | None) -> float | None:
    """The first of these that there is. Asked after every event of every call, so without a generator."""
    first: float | None = None
    for time in times:
        if time is not None and (first is None or time < first):
            first = time
    return first


def take_due(at: float | None, now: float) -> tuple[bool, float | None]:
    """Whether this moment has come, and what is left of it: nothing once it has."""
    return (True, None) if at is not None and at <= now else (False, at)


class MediaClock:
    """Turns loop time into milliseconds of media. Frames set it; between frames it runs with the loop."""

    def __init__(self) -> None:
        self._offset_ms = 0  # where the present stream's zero lies in the call
        self._base_ms = 0
        self._base_at: float | None = None
        self._zero = SteadyZero()
        self._behind = 0

    def open(self, now: float) -> None:
        """Media begins, or begins again on another stream: time goes on from where it was."""
        self._offset_ms = self._base_ms = self.ms(now)
        self._base_at = now
        self._zero.forget()

    def frame(self, media_ms: int, length_ms: int, now: float) -> int:
        """A frame arrived that began at ``media_ms`` of its stream. Returns where that is in the call."""
        start = self._offset_ms + media_ms
        self._behind = self._behind + 1 if start + BEHIND_MS < self._base_ms else 0
        is_stray = start > self.ms(now) + STRAY_MS or start + STRAY_MS < self._base_ms
        if is_stray or self._behind == BEHIND_FRAMES:
            # The carrier began to count anew, or nonsense: time goes on from where it was.
            start = max(self._base_ms, self.ms(now) - length_ms)
            self._offset_ms = start - media_ms
        if start + length_ms >= self._base_ms:
            self._base_ms, self._base_at = start + length_ms, now
            self._zero.note(start + length_ms, now)
        return start

    def steady_ms(self, at: float) -> int:
        """Where in the media a moment was, of the last seconds, whatever frames were late since."""
        zero = self._zero.at
        return self.ms(at) if zero is None else max(0, round((at - zero) * 1000))

    def sent_at(self, now: float) -> float:
        """When the newest frame left the carrier, by its own clock; at the latest when it came."""
        zero = self._zero.at
        return now if zero is None else min(now, zero + self._base_ms / 1000)

    def ms(self, now: float) -> int:
        """Milliseconds since media began."""
        if self._base_at is None:
            return 0
        return self._base_ms + max(0, int((now - self._base_at) * 1000))
