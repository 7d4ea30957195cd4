"""The server's ears: whether the caller speaks, and what of their voice belongs to the utterance. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from patter.audio.frames import FRAME_MS, Framer, bytes_of
from patter.audio.voice import VoiceDetector

EAGERNESS_MS = {"low": 1500, "medium": 800, "auto": 800, "high": 400}
"""How long the simulated semantic detection waits in silence."""
EDGE_MS = 60


@dataclass(frozen=True, slots=True)
class Began:
    at_ms: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """``audio`` is the whole utterance, µ-law 8 kHz, with its padding."""

    at_ms: int
    audio: bytes


class ServerEars:
    """One session's. µ-law 8 kHz in; times are milliseconds of what was fed."""

    def __init__(self) -> None:
        self._voice = VoiceDetector(hangover_ms=EDGE_MS)
        self._framer = Framer()
        self._now_ms = 0
        self._kept = bytearray()
        self._kept_from_ms = 0
        self.speaking = False

    def feed(self, payload: bytes, detection: dict[str, Any] | None) -> list[Began | Stopped]:
        happened: list[Began | Stopped] = []
        for frame in self._framer.feed(payload):
            edge = self._voice.feed(frame, self._now_ms)
            self._kept += frame
            self._now_ms += FRAME_MS
            if detection is None:
                continue
            if edge is not None and edge.voiced and not self.speaking:
                self.speaking = True
                self._forget_before(edge.at_ms - detection.get("prefix_padding_ms", 300))
                happened.append(Began(edge.at_ms))
            if self.speaking and self._now_ms - self._voice.last_voiced_ms >= _silence_ms(detection):
                happened.append(self.commit())
            elif not self.speaking:
                self._forget_before(self._now_ms - 2000)
        return happened

    def commit(self) -> Stopped:
        """What is in the buffer is the utterance."""
        audio, self._kept = bytes(self._kept), bytearray()
        self._kept_from_ms, self.speaking = self._now_ms, False
        return Stopped(self._now_ms, audio)

    def clear(self) -> None:
        self._kept.clear()
        self._kept_from_ms, self.speaking = self._now_ms, False

    @property
    def kept(self) -> bool:
        return bool(self._kept)

    def _forget_before(self, at_ms: int) -> None:
        surplus = bytes_of(at_ms - self._kept_from_ms)
        if surplus > 0:
            del self._kept[:surplus]
            self._kept_from_ms = at_ms


def _silence_ms(detection: dict[str, Any]) -> int:
    if detection["type"] == "semantic_vad":
        return EAGERNESS_MS[detection.get("eagerness", "auto")]
    return int(detection.get("silence_duration_ms", 500))
