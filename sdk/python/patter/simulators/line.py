"""What a telephone line does to a voice: noise, echo, lost packets, frames that come in bunches.

Pure and repeatable: noise, losses and bunches come from a fixed seed.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable

from patter.audio.frames import FRAME_MS
from patter.simulators.sound import SILENT_FRAME, from_linear, is_audible, to_linear

PROFILES = frozenset({"noise", "echo", "jitter", "loss"})

NOISE_DBFS = -45.0
ECHO_DB = -20.0
ECHO_AFTER_MS = 120
LONGEST_BUNCH = 10
LOSS_BEGINS = 0.01
LOSS_GOES_ON = 0.5
"""Packets are lost in a row: about two of a hundred, most of them one or two at a time."""


def parse_profile(text: str | Iterable[str] | None) -> frozenset[str]:
    """``"noise,jitter"`` or a list of such words. Raises ValueError for another word."""
    words = text.split(",") if isinstance(text, str) else list(text or ())
    profile = frozenset(word.strip() for word in words if word.strip())
    if unknown := profile - PROFILES:
        raise ValueError(f"a line has noise, echo, jitter or loss, not {', '.join(sorted(unknown))}")
    return profile


class PhoneLine:
    """Changes the caller's frames on their way to the carrier."""

    def __init__(self, profile: frozenset[str] = frozenset(), seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._noise = [self._random.gauss(0, _amplitude(NOISE_DBFS)) for _ in range(8000)]
        self._has_noise = "noise" in profile
        self._has_echo = "echo" in profile
        self._has_loss = "loss" in profile
        self._is_losing = False
        self._past: deque[bytes] = deque(maxlen=ECHO_AFTER_MS // FRAME_MS)

    def carry(self, caller_frame: bytes, agent_frame: bytes) -> bytes:
        """The frame that the carrier gets, while the caller hears ``agent_frame``."""
        echo = self._past[0] if self._has_echo and len(self._past) == self._past.maxlen else b""
        self._past.append(agent_frame)
        has_echo = bool(echo) and is_audible(echo)
        if self._loses():
            return SILENT_FRAME
        if not self._has_noise and not has_echo:
            return caller_frame
        samples: list[float] = [float(sample) for sample in to_linear(caller_frame)]
        if has_echo:
            gain = 10 ** (ECHO_DB / 20)
            samples = [a + gain * b for a, b in zip(samples, to_linear(echo), strict=False)]
        if self._has_noise:
            start = self._random.randrange(len(self._noise) - len(samples))
            samples = [a + b for a, b in zip(samples, self._noise[start:], strict=False)]
        return from_linear(samples)

    def _loses(self) -> bool:
        """Whether this packet is lost: the carrier fills it with silence."""
        if not self._has_loss:
            return False
        self._is_losing = self._random.random() < (LOSS_GOES_ON if self._is_losing else LOSS_BEGINS)
        return self._is_losing


class Bunches:
    """Holds messages back and lets them go together, in order, as a congested network does."""

    def __init__(self, profile: frozenset[str] = frozenset(), seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._active = "jitter" in profile
        self._held: list[str] = []
        self._ticks_to_hold = 0

    def take(self, messages: list[str]) -> list[str]:
        """What may go at once."""
        if not self._active:
            return messages
        self._held += messages
        return []

    def tick(self) -> list[str]:
        """What may go now, asked every 20 ms."""
        if not self._held:
            return []
        if self._ticks_to_hold > 0:
            self._ticks_to_hold -= 1
            return []
        if self._random.random() < 0.1:
            self._ticks_to_hold = self._random.randint(1, LONGEST_BUNCH)
        return self.flush()

    def flush(self) -> list[str]:
        out, self._held = self._held, []
        return out


def _amplitude(dbfs: float) -> float:
    return float(32768 * 10 ** (dbfs / 20))
