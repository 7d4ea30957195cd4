"""Telephone sound for simulated people: µ-law, 8 kHz, mono, in frames of 20 ms."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

from patter.audio.frames import BYTES_PER_MS, FRAME_BYTES, SAMPLE_RATE_HZ
from patter.audio.mulaw import DECODED, SILENCE, from_pcm16, level
from patter.audio.resample import resample
from patter.audio.wav import read

SILENT_FRAME = SILENCE * FRAME_BYTES

# About -47 dBFS, on the scale of ``mulaw.level``: comfort noise is below, a whisper above.
AUDIBLE_LEVEL = 32


def is_audible(frame: bytes) -> bool:
    """Whether a person would hear something."""
    return frame != SILENT_FRAME and level(frame) >= AUDIBLE_LEVEL


def to_linear(payload: bytes) -> list[int]:
    """16-bit samples."""
    return [DECODED[code] for code in payload]


def from_linear(samples: Iterable[float]) -> bytes:
    """µ-law of 16-bit samples; louder ones are clipped."""
    return from_pcm16(array("h", [max(-32768, min(32767, int(sample))) for sample in samples]).tobytes())


def tone(ms: int, hz: float = 440.0, dbfs: float = -12.0) -> bytes:
    """A sine whose RMS is ``dbfs``."""
    peak = 32768 * math.sqrt(2) * 10 ** (dbfs / 20)
    step = 2 * math.pi * hz / SAMPLE_RATE_HZ
    return from_linear(peak * math.sin(step * index) for index in range(ms * BYTES_PER_MS))


def frames_of(payload: bytes) -> list[bytes]:
    """Whole frames; the last one is filled up with silence."""
    return [
        payload[start : start + FRAME_BYTES].ljust(FRAME_BYTES, SILENCE)
        for start in range(0, len(payload), FRAME_BYTES)
    ]


def from_wav(data: bytes) -> bytes:
    """µ-law 8 kHz of a WAV file (µ-law or PCM 16 bit, any rate); of several channels the first."""
    wav = read(data)
    if wav.sample_rate_hz == SAMPLE_RATE_HZ:
        return wav.mulaw()
    if wav.sample_bytes != 2:
        raise ValueError("a WAV file for the caller is PCM 16 bit, or µ-law at 8 kHz")
    return from_pcm16(resample(wav.channel(0), wav.sample_rate_hz, SAMPLE_RATE_HZ))
