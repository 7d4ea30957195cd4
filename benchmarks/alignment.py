"""Where a recording holds what was said and heard, against the carrier's own clock. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from patter.audio.frames import BYTES_PER_MS
from patter.audio.wav import read

APART_MS = 300
"""So long a side was silent before a sound that counts as a beginning."""
NEAR_MS = 1000
"""A beginning further away from where it should be is another one."""

_BEGINNING = re.compile(rb"(?:\xff{%d}|\A\xff*)([^\xff])" % (APART_MS * BYTES_PER_MS))


@dataclass(frozen=True, slots=True)
class Alignment:
    """Milliseconds that beginnings are late in the recording; a negative one is early."""

    minutes: float
    caller: tuple[float, ...]
    agent: tuple[float, ...]
    missing: int

    @property
    def apart_ms(self) -> float | None:
        """The furthest that the two sides are from each other, anywhere in the call."""
        if not self.caller or not self.agent:
            return None
        return max(max(self.agent) - min(self.caller), max(self.caller) - min(self.agent))


def beginnings_ms(side: bytes) -> list[float]:
    """Where somebody begins to speak, in one channel of µ-law with digital silence between."""
    return [found.start(1) / BYTES_PER_MS for found in _BEGINNING.finditer(side)]


def late_ms(expected: Sequence[float], found: Sequence[float]) -> list[float]:
    """How late each expected beginning was found; one that was not found is left out."""
    late = []
    for at in expected:
        place = bisect_left(found, at)
        nearest = min(found[max(0, place - 1) : place + 1], key=lambda one: abs(one - at), default=None)
        if nearest is not None and abs(nearest - at) <= NEAR_MS:
            late.append(nearest - at)
    return late


def alignment(wav: bytes, spoke_ms: Sequence[float], played_ms: Sequence[float]) -> Alignment:
    """Compare a stereo recording (caller left, agent right) with when the carrier sent and played."""
    recording = read(wav)
    caller = late_ms(spoke_ms, beginnings_ms(recording.channel(0)))
    agent = late_ms(played_ms, beginnings_ms(recording.channel(1)))
    missing = len(spoke_ms) + len(played_ms) - len(caller) - len(agent)
    return Alignment(len(recording.data) / 16 / 60_000, tuple(caller), tuple(agent), missing)
