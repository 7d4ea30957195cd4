"""Telephone sound: µ-law, 8 kHz, mono, in frames of 20 ms. Pure Python, no dependency."""

from __future__ import annotations

import io
import math
import struct
import wave
from array import array
from collections.abc import Iterable

RATE_HZ = 8000
FRAME_MS = 20
FRAME_BYTES = 160
BYTES_PER_MS = 8
SILENT_FRAME = b"\xff" * FRAME_BYTES

AUDIBLE_DBFS = -50.0

_BIAS = 0x84
_CLIP = 32635


def _expand(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << ((code & 0x70) >> 4)) - _BIAS
    return -magnitude if code & 0x80 else magnitude


def _compress(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    biased = min(abs(sample), _CLIP) + _BIAS
    exponent = biased.bit_length() - 8
    return ~(sign | exponent << 4 | (biased >> exponent + 3) & 0x0F) & 0xFF


_LINEAR = [_expand(code) for code in range(256)]
_SQUARES = [sample * sample for sample in _LINEAR]
# Two bits coarser than 16: µ-law keeps 14 at most.
_CODES = bytes(_compress(sample << 2) for sample in range(-8192, 8192))
_AUDIBLE_SQUARE = (32768.0 * 10 ** (AUDIBLE_DBFS / 20)) ** 2


def to_linear(payload: bytes) -> list[int]:
    """16-bit samples."""
    return [_LINEAR[code] for code in payload]


def from_linear(samples: Iterable[float]) -> bytes:
    """µ-law of 16-bit samples; louder ones are clipped."""
    return bytes(_CODES[(max(-32768, min(32767, int(sample))) >> 2) + 8192] for sample in samples)


def is_audible(frame: bytes) -> bool:
    """Whether a person would hear something: louder than −50 dBFS."""
    if not frame or frame == SILENT_FRAME:
        return False
    return sum(map(_SQUARES.__getitem__, frame)) > _AUDIBLE_SQUARE * len(frame)


def level_dbfs(payload: bytes) -> float:
    power = sum(map(_SQUARES.__getitem__, payload)) / max(len(payload), 1)
    return 10 * math.log10(power / 32768**2) if power else -100.0


def silence(ms: int) -> bytes:
    return b"\xff" * (ms * BYTES_PER_MS)


def tone(ms: int, hz: float = 440.0, dbfs: float = -12.0) -> bytes:
    """A sine whose RMS is ``dbfs``."""
    peak = 32768 * math.sqrt(2) * 10 ** (dbfs / 20)
    step = 2 * math.pi * hz / RATE_HZ
    return from_linear(peak * math.sin(step * index) for index in range(ms * BYTES_PER_MS))


def frames_of(payload: bytes) -> list[bytes]:
    """Whole frames; the last one is filled up with silence."""
    return [
        payload[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
        for start in range(0, len(payload), FRAME_BYTES)
    ]


def stereo_wav(left: bytes, right: bytes) -> bytes:
    """Two µ-law sides as one WAV file, PCM 16 bit. The shorter side is filled up with silence."""
    length = max(len(left), len(right))
    samples = array("h", bytes(4 * length))
    samples[0::2] = array("h", to_linear(left.ljust(length, b"\xff")))
    samples[1::2] = array("h", to_linear(right.ljust(length, b"\xff")))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(struct.pack(f"<{2 * length}h", *samples))
    return out.getvalue()


def from_wav(data: bytes) -> bytes:
    """µ-law of a PCM 16-bit WAV file of any rate; of several channels the first."""
    with wave.open(io.BytesIO(data)) as file:
        if file.getsampwidth() != 2:
            raise ValueError("a WAV file for the caller is PCM 16 bit")
        channels, rate_hz = file.getnchannels(), file.getframerate()
        raw = file.readframes(file.getnframes())
    samples = [sample for (sample,) in struct.iter_unpack("<h", raw)][::channels]
    return from_linear(_at_8_khz(samples, rate_hz))


def _at_8_khz(samples: list[int], rate_hz: int) -> list[float]:
    """The mean of the samples that fall into each new one; between two, a straight line."""
    ratio = rate_hz / RATE_HZ
    if ratio == 1:
        return [float(sample) for sample in samples]
    out: list[float] = []
    for index in range(int(len(samples) / ratio)):
        start, end = index * ratio, (index + 1) * ratio
        if ratio > 1:
            piece = samples[int(start) : max(int(end), int(start) + 1)]
            out.append(sum(piece) / len(piece))
        else:
            left = int(start)
            right = min(left + 1, len(samples) - 1)
            out.append(samples[left] + (samples[right] - samples[left]) * (start - left))
    return out
