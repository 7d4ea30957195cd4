"""One caller, heard: voice detection, decoding while the voice lasts, and what is reported when.

Media time counts the bytes that came. Nothing here does I/O; ``decoder`` may be any object with the
methods of ``Decoder``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

from patter.audio.frames import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, Framer
from patter.audio.mulaw import to_pcm16
from patter.audio.resample import Resampler
from patter.audio.voice import Edge, VoiceDetector
from patter.engines.stt.offline.phrases import Phrases

MODEL_RATE_HZ = 16000
PRE_ROLL_MS = 300
TAIL_MS = 250
INTERIM_MS = 150
MAX_UTTERANCE_MS = 15_000
MIN_VOICE_MS = 120
LEAST_SCORE = -48_000.0
"""Mean score per frame of the words. Scores are relative to the best sound of each frame, so a phrase that
was not said scores low. With the longest duration below, about five in six other sentences are refused;
one that sounds and lasts like a phrase is not."""
LONGEST_MS, LONGEST_MS_PER_LETTER = 300, 100
"""A phrase lasts at most this, at about 110 words a minute. Longer speech was something else."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    pass


@dataclass(frozen=True, slots=True)
class Heard:
    """``text`` is empty when there was voice, but none of the phrases."""

    text: str
    final: bool
    end_of_turn: bool = False


Report = SpeechStarted | Heard


class Decodes(Protocol):
    """What is needed of a decoder."""

    def start(self) -> None: ...
    def feed(self, pcm: bytes) -> None: ...
    def end(self) -> None: ...
    def heard(self) -> tuple[str, float]: ...


class Hearing:
    """The ears for one stream of µ-law 8 kHz."""

    def __init__(self, decoder: Decodes, phrases: Phrases, noise: Noise, *, endpointing_ms: int) -> None:
        self._decoder, self._phrases = decoder, phrases
        self._voice = VoiceDetector(hangover_ms=endpointing_ms)
        self._framer = Framer()
        self._front = FrontEnd(noise)
        self._recent: deque[bytes] = deque(maxlen=PRE_ROLL_MS // FRAME_MS)
        self._now_ms = 0
        self._began_ms: int | None = None
        self._reported_ms = 0
        self._reported = ""

    def feed(self, payload: bytes) -> list[Report]:
        """Take audio of any length."""
        reports: list[Report] = []
        for frame in self._framer.feed(payload):
            reports += self._frame(frame)
        return reports

    def finalize(self) -> list[Report]:
        """What was heard so far, as final text; hearing goes on. The caller may not be done."""
        if self._began_ms is None:
            return [Heard("", final=True)]
        text = self._finish()
        if self._voice.voiced:
            self._begin(self._now_ms)
        return [Heard(text, final=True)]

    def abandon(self) -> None:
        """Leave the decoder ready for another stream."""
        if self._began_ms is not None:
            self._began_ms = None
            self._decoder.end()

    def _frame(self, frame: bytes) -> list[Report]:
        edge = self._voice.feed(frame, self._now_ms)
        self._now_ms += FRAME_MS
        if edge is not None and edge.voiced and self._began_ms is None:
            self._begin(edge.at_ms)
            self._hear(frame)
            return [SpeechStarted()]
        if self._began_ms is None:
            self._recent.append(frame)
            return []
        self._hear(frame)
        return self._after(edge)

    def _after(self, edge: Edge | None) -> list[Report]:
        too_long = self._now_ms - (self._began_ms or 0) >= MAX_UTTERANCE_MS
        if too_long or (edge is not None and not edge.voiced):
            text = self._finish()
            return [Heard(text, final=True, end_of_turn=bool(text))]
        return self._interim()

    def _begin(self, at_ms: int) -> None:
        self._began_ms, self._reported_ms, self._reported = at_ms, self._now_ms, ""
        self._decoder.start()
        for frame in self._recent:
            self._hear(frame)
        self._recent.clear()

    def _hear(self, frame: bytes) -> None:
        self._decoder.feed(self._front.feed(frame))

    def _interim(self) -> list[Report]:
        if self._now_ms - self._reported_ms < INTERIM_MS:
            return []
        self._reported_ms = self._now_ms
        words, score = self._decoder.heard()
        if score < LEAST_SCORE or words == self._reported:
            return []
        self._reported = words
        return [Heard(self._phrases.so_far(words), final=False)]

    def _finish(self) -> str:
        # A decoder that does not hear the silence after the last word loses that word.
        for _ in range(TAIL_MS // FRAME_MS):
            self._hear(b"\xff" * FRAME_BYTES)
        self._decoder.end()
        words, score = self._decoder.heard()
        voiced_ms = self._voice.last_voiced_ms - (self._began_ms or 0)
        self._began_ms = None
        text = self._phrases.meant(words) if score >= LEAST_SCORE else ""
        longest_ms = LONGEST_MS + LONGEST_MS_PER_LETTER * len(text.replace(" ", ""))
        return text if MIN_VOICE_MS <= voiced_ms <= longest_ms else ""


class Noise:
    """A second of faint white noise, made once. Digital silence and empty high bands confuse the model."""

    def __init__(self, numpy: Any, *, level_db: float = -55.0) -> None:
        self.numpy = numpy
        sigma = 32768 * 10 ** (level_db / 20)
        self.samples = numpy.random.default_rng(8000).normal(0.0, sigma, MODEL_RATE_HZ).astype(numpy.int16)


class FrontEnd:
    """µ-law 8 kHz to what the 16 kHz model wants."""

    def __init__(self, noise: Noise) -> None:
        self._noise, self._at = noise, 0
        self._resampler = Resampler(SAMPLE_RATE_HZ, MODEL_RATE_HZ)

    def feed(self, frame: bytes) -> bytes:
        """One frame, mixed with noise and saturated."""
        np = self._noise.numpy
        samples = np.frombuffer(self._resampler.feed(to_pcm16(frame)), np.int16).astype(np.int32)
        if self._at + len(samples) > MODEL_RATE_HZ:
            self._at = 0
        samples += self._noise.samples[self._at : self._at + len(samples)]
        self._at += len(samples)
        return bytes(np.clip(samples, -32768, 32767).astype(np.int16).tobytes())
