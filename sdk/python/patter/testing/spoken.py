"""A call with real sound on the test's own clock: both sides speak, the line has noise and echo."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from patter.audio.mulaw import from_pcm16, to_pcm16
from patter.bridge.commands import Clear
from patter.bridge.events import CallerAudio, TtsAudio, TtsDone
from patter.engines.pipeline.clean import speakable
from patter.engines.pipeline.sentences import Sentences
from patter.engines.tts.offline.link import speak
from patter.testing.scene import FRAME_MS, Scene

Samples = np.ndarray[tuple[int], np.dtype[np.float64]]
ECHO_DELAY_FRAMES = 6
PER_FRAME = 160


def chunks_of(text: str) -> list[str]:
    """The chunks that a reply of this text is spoken in."""
    cutter = Sentences()
    return [spoken for chunk in [*cutter.push(text), *cutter.flush()] if (spoken := speakable(chunk))]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody's voice: espeak's name for it, words per minute, and pitch from 0 to 99."""

    voice: str = "en-us"
    rate_wpm: int = 175
    pitch: int = 50

    async def say(self, text: str) -> bytes:
        return await speak(text, voice=self.voice, rate=self.rate_wpm, pitch=self.pitch)


AGENT = Speaker()
CALLER = Speaker(rate_wpm=150)
SPEAKERS = {
    "man": CALLER,
    "woman": Speaker("en-us+f3", 165, 65),
    "old man": Speaker("en-us+m7", 120, 25),
    "quick woman": Speaker("en-us+f5", 210, 80),
    "whisperer": Speaker("en-us+whisper", 150, 50),
}
"""People who sound as different as this voice can."""


async def voices_for(*texts: str, speaker: Speaker = AGENT) -> dict[str, bytes]:
    return {chunk: await speaker.say(chunk) for text in texts for chunk in chunks_of(text)}


async def caller_saying(text: str, *, speaker: Speaker = CALLER, rate: int | None = None) -> Samples:
    """A caller's words, from the first voiced frame (-30 dBFS) to the last."""
    speaker = replace(speaker, rate_wpm=rate or speaker.rate_wpm)
    samples = samples_of(await speaker.say(text))
    voiced = [at for at in range(0, len(samples), PER_FRAME) if dbfs_of(samples[at : at + PER_FRAME]) > -30]
    return samples[voiced[0] : voiced[-1] + PER_FRAME]


def dbfs_of(samples: Samples) -> float:
    return float(20 * np.log10(max(1.0, float(np.sqrt(np.mean(samples**2)))) / 32768))


def samples_of(payload: bytes) -> Samples:
    return np.frombuffer(to_pcm16(payload), dtype="<i2").astype(np.float64)


def noise(ms: int, dbfs: float, seed: int = 1) -> Samples:
    made: Samples = np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), ms * 8)
    return made


def cough(dbfs: float = -20) -> Samples:
    """250 ms of noise that swells and dies."""
    made: Samples = noise(250, dbfs) * np.hanning(2000) * 2
    return made


class SpokenScene(Scene):
    """``voices``: what each chunk sounds like. ``echo_db`` of what is played comes back after 120 ms."""

    def __init__(
        self,
        voices: dict[str, bytes],
        *,
        noise_dbfs: float = -60,
        echo_db: float | None = None,
        **plan: Any,
    ) -> None:
        self._voices = voices
        self._noise = noise(2000, noise_dbfs)
        self._noise_at = random.Random(7)
        self._echo = 0.0 if echo_db is None else 10 ** (echo_db / 20)
        self._sounding: list[bytes] = [b""] * ECHO_DELAY_FRAMES
        self._coming = np.zeros(0)
        self.cleared_at: list[int] = []
        super().__init__(**plan)

    def speak(self, say_id: str, text: str) -> None:
        self.feed(TtsAudio(say_id, self._voices[text]), TtsDone(say_id))

    def sound(self, samples: Samples, *, wait: bool = True) -> None:
        """The caller's side makes this sound from now on. ``wait``: time passes until its end."""
        self._coming = np.concatenate([self._coming, samples])
        if wait:
            self.let(len(samples) // 8 + FRAME_MS)

    def let(self, ms: int) -> None:
        """Time passes with whatever is on the line."""
        for _ in range(ms // FRAME_MS):
            self.now += FRAME_MS / 1000
            self.tick()
            before = len(self.played)
            self._play_one_frame()
            self._sounding.append(bytes(self.played[before:]))
            known = len(self.commands)
            self.feed(CallerAudio(self._line(), self.media_ms))
            self.media_ms += FRAME_MS
            if any(isinstance(command, Clear) for command in self.commands[known:]):
                self.cleared_at.append(self.media_ms)

    def _line(self) -> bytes:
        start = self._noise_at.randrange(len(self._noise) - PER_FRAME)
        frame = self._noise[start : start + PER_FRAME].copy()
        heard, self._coming = self._coming[:PER_FRAME], self._coming[PER_FRAME:]
        frame[: len(heard)] += heard
        played = self._sounding.pop(0)
        if played and self._echo:
            frame[: len(played)] += samples_of(played) * self._echo
        return from_pcm16(np.clip(frame, -32768, 32767).astype("<i2").tobytes())

    def words(self, pieces: Iterable[str], *, final: str | None = None, end: bool = True) -> None:
        """The recogniser's interim texts, 200 ms apart, and its final one."""
        for piece in pieces:
            self.hears(piece, final=False, end_of_turn=False)
            self.let(200)
        if final is not None:
            self.hears(final, end_of_turn=end)
