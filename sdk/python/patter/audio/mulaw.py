"""G.711 µ-law by table, without numpy.

Decoding is two ``bytes.translate`` calls, one for each half of a sample; encoding looks each 16-bit
pattern up. Both are exact for all 256 codes and all 65,536 samples.
"""

from __future__ import annotations

import sys
from array import array

SILENCE = b"\xff"
"""One byte of digital silence. A zero byte would be a full-scale click."""

MAX_LEVEL = 254
"""What ``level`` gives for the loudest frame. 32 steps are 6 dB, above about -48 dBFS."""

_BIAS = 0x84
_CLIP = 8159


def _decode(code: int) -> int:
    inverted = ~code & 0xFF
    magnitude = ((((inverted & 0x0F) << 3) + _BIAS) << ((inverted >> 4) & 7)) - _BIAS
    return -magnitude if inverted & 0x80 else magnitude


def _encode(sample: int) -> int:
    scaled = sample >> 2
    mask = 0x7F if scaled < 0 else 0xFF
    biased = min(abs(scaled), _CLIP) + 33
    segment = max(biased.bit_length() - 6, 0)
    if segment >= 8:
        return mask ^ 0x7F
    return mask ^ ((segment << 4) | ((biased >> (segment + 1)) & 0x0F))


DECODED = tuple(_decode(code) for code in range(256))
"""Linear value of each code, -32124 to 32124."""

_LOW = bytes(value & 0xFF for value in DECODED)
_HIGH = bytes(value >> 8 & 0xFF for value in DECODED)
# Indexed by the sample's bits read as unsigned, so that array("H") needs no sign handling.
_ENCODED = bytes(_encode(bits - 65536 if bits >= 32768 else bits) for bits in range(65536))
# Codes are nearly logarithmic, so their mean follows loudness where a linear byte would be all zeros.
_LOUDNESS = bytes((~code & 0x7F) * 2 for code in range(256))


def to_pcm16(payload: bytes) -> bytes:
    """Decode µ-law to signed 16-bit little-endian samples."""
    pcm = bytearray(2 * len(payload))
    pcm[0::2] = payload.translate(_LOW)
    pcm[1::2] = payload.translate(_HIGH)
    return bytes(pcm)


def from_pcm16(pcm: bytes) -> bytes:
    """Encode whole signed 16-bit little-endian samples. Raises ValueError on half a sample."""
    samples = array("H")
    samples.frombytes(pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return bytes(map(_ENCODED.__getitem__, samples))


def level(payload: bytes) -> int:
    """Mean loudness of a frame, 0 (digital silence) to 254, on a scale near to decibels."""
    if not payload:
        return 0
    return sum(payload.translate(_LOUDNESS)) // len(payload)
