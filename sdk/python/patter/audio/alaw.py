"""G.711 A-law, by one table to µ-law and one back. Europe's telephones speak it."""

from __future__ import annotations

from patter.audio.mulaw import DECODED, from_pcm16

SILENCE = b"\xd5"
"""One byte of digital silence."""

_SEGMENT_ENDS = (0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF)


def _decode(code: int) -> int:
    code ^= 0x55
    segment, step = code >> 4 & 7, (code & 0x0F) << 4
    magnitude = step + 8 if segment == 0 else (step + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def _encode(sample: int) -> int:
    scaled = sample >> 3
    mask = 0xD5 if scaled >= 0 else 0x55
    magnitude = scaled if scaled >= 0 else -scaled - 1
    segment = next((i for i, end in enumerate(_SEGMENT_ENDS) if magnitude <= end), len(_SEGMENT_ENDS))
    if segment == len(_SEGMENT_ENDS):
        return 0x7F ^ mask
    return (segment << 4 | magnitude >> max(segment, 1) & 0x0F) ^ mask


def _mulaw_of(code: int) -> int:
    # A-law knows no zero; its smallest step stands for silence, and must be silence again.
    if code in (0xD5, 0x55):
        return 0xFF
    return from_pcm16(_decode(code).to_bytes(2, "little", signed=True))[0]


_TO_MULAW = bytes(_mulaw_of(code) for code in range(256))
_FROM_MULAW = bytes(_encode(DECODED[code]) for code in range(256))


def to_mulaw(payload: bytes) -> bytes:
    """The same sound in µ-law."""
    return payload.translate(_TO_MULAW)


def from_mulaw(payload: bytes) -> bytes:
    """The same sound in A-law."""
    return payload.translate(_FROM_MULAW)
