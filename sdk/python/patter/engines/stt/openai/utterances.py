"""Cuts a caller's audio into utterances by their voice. Pure: its only clock is the audio itself."""

from __future__ import annotations

from dataclasses import dataclass

from patter.audio.frames import FRAME_BYTES, bytes_of, ms_of
from patter.audio.voice import VoiceDetector


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds.

    Args:
        endpointing_ms: silence that ends an utterance.
        min_voiced_ms: less voice than this is a click, of which a model would make words up.
        pre_roll_ms: audio before the voice: soft first sounds are below the detector's threshold.
        max_ms: a longer utterance is given out in pieces.
    """

    endpointing_ms: int = 500
    min_voiced_ms: int = 160
    pre_roll_ms: int = 300
    max_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class VoiceBegan:
    """The caller began to speak."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """``payload`` is empty when too little was voiced; ``ended``: it was followed by silence."""

    payload: bytes
    ended: bool


class Utterances:
    """One caller. ``speaking`` says whether an utterance is open."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._detector = VoiceDetector(hangover_ms=limits.endpointing_ms)
        self._audio = bytearray()
        self._audio_from_ms = 0
        self._now_ms = 0
        self._voiced_from_ms = 0

    @property
    def speaking(self) -> bool:
        return self._detector.voiced

    def feed(self, payload: bytes) -> list[VoiceBegan | Utterance]:
        """Take audio of any length, in order."""
        found: list[VoiceBegan | Utterance] = []
        for at in range(0, len(payload), FRAME_BYTES):
            found += self._frame(payload[at : at + FRAME_BYTES])
        return found

    def cut(self) -> Utterance | None:
        """Give out what was said so far; the rest of the utterance comes on its own."""
        if not self.speaking:
            return None
        cut = Utterance(self._voiced_part(), ended=False)
        self._restart(self._now_ms)
        return cut if cut.payload else None

    def _frame(self, frame: bytes) -> list[VoiceBegan | Utterance]:
        edge = self._detector.feed(frame, self._now_ms)
        self._audio += frame
        self._now_ms += ms_of(len(frame))
        if edge is not None and edge.voiced:
            self._voiced_from_ms = edge.at_ms
            return [VoiceBegan()]
        if edge is not None:
            ended = Utterance(self._voiced_part(), ended=True)
            self._restart(self._now_ms - self._limits.pre_roll_ms)
            return [ended]
        if not self.speaking:
            self._restart(self._now_ms - self._limits.pre_roll_ms - self._limits.min_voiced_ms)
        elif self._now_ms - self._audio_from_ms >= self._limits.max_ms and (cut := self.cut()):
            return [cut]
        return []

    def _voiced_part(self) -> bytes:
        if self._detector.last_voiced_ms - self._voiced_from_ms < self._limits.min_voiced_ms:
            return b""
        # The pre-roll's worth after the voice too: a model hears the end of a word only with a pause.
        until_ms = self._detector.last_voiced_ms + self._limits.pre_roll_ms
        from_ms = self._voiced_from_ms - self._limits.pre_roll_ms
        first = bytes_of(max(0, from_ms - self._audio_from_ms))
        return bytes(self._audio[first : bytes_of(until_ms - self._audio_from_ms)])

    def _restart(self, from_ms: int) -> None:
        """Forget the audio before ``from_ms``; what is voiced after it counts anew."""
        self._voiced_from_ms = max(self._voiced_from_ms, self._now_ms if self.speaking else 0)
        if (old := bytes_of(from_ms - self._audio_from_ms)) > 0:
            del self._audio[:old]
            self._audio_from_ms = from_ms
