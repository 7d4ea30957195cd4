"""A carrier's codec to the bridge's µ-law at 8 kHz and back: one object for each direction of one stream.

Names are those of RTP: PCMU (µ-law), PCMA (A-law), L16 (16-bit samples). Media types mean the same.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from typing import Protocol

from patter.audio import alaw
from patter.audio.frames import SAMPLE_RATE_HZ
from patter.audio.mulaw import from_pcm16, to_pcm16
from patter.audio.resample import Resampler

CODECS = ("PCMU", "PCMA", "L16")
MEDIA_TYPES = {"MULAW": "PCMU", "ULAW": "PCMU", "ALAW": "PCMA"}
"""Names of media types that are no name of RTP: ``audio/x-mulaw``."""
CLEAR = 0.5
"""Speech changes from sample to sample by about 0.15 of its loudness; with its bytes swapped, by 0.8."""
VOICED_RMS = 300.0
"""About -41 dBFS: what is softer proves nothing about the order of bytes."""


class Converter(Protocol):
    """One direction of one stream."""

    def feed(self, payload: bytes) -> bytes:
        """The same sound in the other format. What is no whole sample yet waits for the next payload."""


class Same:
    """µ-law on both sides."""

    def feed(self, payload: bytes) -> bytes:
        return payload


class _Table:
    def __init__(self, convert: Callable[[bytes], bytes]) -> None:
        self._convert = convert

    def feed(self, payload: bytes) -> bytes:
        return self._convert(payload)


class LinearIn:
    """16-bit samples to µ-law.

    Args:
        order: of the bytes: little, big, or auto: little until a voiced piece says otherwise.
    """

    def __init__(self, rate_hz: int, order: str = "auto") -> None:
        self._resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)
        self._undecided = order == "auto"
        self._swapped = order == "big"
        self._odd = b""

    def feed(self, payload: bytes) -> bytes:
        data = self._odd + payload
        whole = len(data) & ~1
        data, self._odd = data[:whole], data[whole:]
        if self._undecided:
            self._look(data)
        return from_pcm16(self._resampler.feed(swapped(data) if self._swapped else data))

    def _look(self, pcm: bytes) -> None:
        as_little, as_big = roughness(pcm), roughness(swapped(pcm))
        if min(as_little, as_big) < CLEAR < max(as_little, as_big):
            self._undecided, self._swapped = False, as_big < as_little


class LinearOut:
    """µ-law to 16-bit samples."""

    def __init__(self, rate_hz: int, order: str = "little") -> None:
        self._resampler = Resampler(SAMPLE_RATE_HZ, rate_hz)
        self._big = order == "big"

    def feed(self, payload: bytes) -> bytes:
        pcm = self._resampler.feed(to_pcm16(payload))
        return swapped(pcm) if self._big else pcm


def codec_of(encoding: str) -> str:
    """The codec that a carrier means by ``PCMA``, ``audio/x-alaw`` or ``audio/L16``."""
    name = encoding.strip().upper().removeprefix("AUDIO/").removeprefix("X-")
    return MEDIA_TYPES.get(name, name)


def decoder(encoding: str, rate_hz: int, order: str = "auto") -> Converter:
    """From a carrier's codec to µ-law. Raises ValueError with a sentence for one that is not known here."""
    codec = codec_of(encoding)
    if codec == "L16" and rate_hz in (8000, 16000, 24000, 48000):
        return LinearIn(rate_hz, order)
    return _companded(codec, rate_hz, alaw.to_mulaw)


def encoder(codec: str, rate_hz: int, order: str = "little") -> Converter:
    """From µ-law to a carrier's codec. Raises ValueError with a sentence for one that is not known here."""
    if codec == "L16" and rate_hz in (8000, 16000, 24000, 48000):
        return LinearOut(rate_hz, order)
    return _companded(codec, rate_hz, alaw.from_mulaw)


def _companded(codec: str, rate_hz: int, convert: Callable[[bytes], bytes]) -> Converter:
    if codec not in ("PCMU", "PCMA") or rate_hz != SAMPLE_RATE_HZ:
        raise ValueError(f"{codec[:20]} at {rate_hz} Hz is not understood here; use {', '.join(CODECS)}")
    return Same() if codec == "PCMU" else _Table(convert)


def swapped(pcm: bytes) -> bytes:
    """The other order of bytes."""
    samples = array("H", pcm)
    samples.byteswap()
    return samples.tobytes()


def roughness(pcm: bytes) -> float:
    """How much little-endian samples jump, against how loud they are; 1 for what is too soft to tell."""
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    if len(samples) < 2:
        return 1.0
    loudness = (sum(sample * sample for sample in samples) / len(samples)) ** 0.5
    if loudness < VOICED_RMS:
        return 1.0
    steps = sum((b - a) ** 2 for a, b in zip(samples, samples[1:], strict=False))
    return float((steps / (len(samples) - 1)) ** 0.5 / loudness)
