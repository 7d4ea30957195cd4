"""The agent's audio formats and the phone's: equal ones pass through, others are converted. Pure.

A format belongs to the ElevenLabs agent and is told in the metadata: ``ulaw_8000``, or ``pcm_`` with a
rate, which is signed 16 bit little-endian, mono.
"""

from __future__ import annotations

from collections.abc import Callable

from patter.audio.mulaw import from_pcm16, to_pcm16
from patter.audio.resample import Resampler

PHONE_HZ = 8000
ULAW = "ulaw_8000"
PCM_RATES_HZ = (8000, 16000, 22050, 24000, 44100, 48000)
FORMATS = (ULAW, *(f"pcm_{rate}" for rate in PCM_RATES_HZ))

Convert = Callable[[bytes], bytes]


def from_phone(wanted: str) -> Convert:
    """Turns µ-law 8 kHz into this format. Raises ValueError for one that is not known."""
    rate = _rate_of(wanted)
    if rate is None:
        return _unchanged
    if rate == PHONE_HZ:
        return to_pcm16
    resampler = Resampler(PHONE_HZ, rate)
    return lambda payload: resampler.feed(to_pcm16(payload))


def to_phone(given: str) -> Convert:
    """Turns this format into µ-law 8 kHz. Raises ValueError for one that is not known."""
    rate = _rate_of(given)
    if rate is None:
        return _unchanged
    # At equal rates the resampler only keeps half a sample for the next piece.
    resampler = Resampler(rate, PHONE_HZ)
    return lambda payload: from_pcm16(resampler.feed(payload))


def _rate_of(name: str) -> int | None:
    """None for µ-law."""
    if name not in FORMATS:
        raise ValueError(f"audio format {name!r} is not one of {', '.join(FORMATS)}")
    return None if name == ULAW else int(name.removeprefix("pcm_"))


def _unchanged(payload: bytes) -> bytes:
    return payload
