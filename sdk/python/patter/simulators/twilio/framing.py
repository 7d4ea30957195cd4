"""How the caller's audio is cut into media messages, and where some are missing. Pure."""

from __future__ import annotations

from patter.audio.frames import FRAME_MS
from patter.simulators.twilio.faults import Faults


class Framing:
    """Twilio sends 20 ms at a time, and promises nothing of the kind."""

    def __init__(self, faults: Faults) -> None:
        self._frame_ms = faults.frame_ms or FRAME_MS
        self._gap_at_ms = faults.gap_at_ms
        self._gap_ms = faults.gap_ms
        self._empty_every_ms = 1000 if faults.empty_payloads else 0
        self._waiting = bytearray()
        self._from_ms = 0
        self._held: list[tuple[bytes, int]] = []

    def take(self, frame: bytes, at_ms: int) -> list[tuple[bytes, int]]:
        """A frame of the caller's; gives the messages that go now, each with its time."""
        if not self._waiting:
            self._from_ms = at_ms
        self._waiting += frame
        out: list[tuple[bytes, int]] = []
        if len(self._waiting) >= self._frame_ms * 8:
            out.append((bytes(self._waiting), self._from_ms))
            self._waiting.clear()
        if self._empty_every_ms and at_ms % self._empty_every_ms < FRAME_MS:
            out.append((b"", at_ms))
        if self._gap_ms and self._gap_at_ms <= at_ms < self._gap_at_ms + self._gap_ms:
            self._held += out
            return []
        burst, self._held = self._held, []
        return [*burst, *out]
