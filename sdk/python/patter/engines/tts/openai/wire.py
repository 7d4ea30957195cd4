"""OpenAI's speech endpoint: what is asked for, and its PCM as telephone audio. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.audio.frames import SAMPLE_RATE_HZ
from patter.audio.mulaw import from_pcm16
from patter.audio.resample import Resampler
from patter.engines.tts.containers import container_of
from patter.engines.tts.whole_ms import WholeMs

PATH = "/audio/speech"
PCM_HZ = 24_000
"""Of ``pcm``: signed 16 bit, little-endian, mono, without a header."""


@dataclass(frozen=True, slots=True)
class Settings:
    model: str
    voice: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def request_body(text: str, settings: Settings) -> dict[str, Any]:
    """The JSON of one text."""
    return {
        "model": settings.model,
        "voice": settings.voice,
        "input": text,
        "response_format": "pcm",
        **settings.fields,
    }


class WrongFormatError(ValueError):
    """Something other than raw PCM came."""


class Telephone:
    """One text's PCM at 24 kHz to µ-law at 8 kHz, in pieces of any size, also odd ones."""

    def __init__(self) -> None:
        self._resampler = Resampler(PCM_HZ, SAMPLE_RATE_HZ)
        self._whole = WholeMs()
        self._head: bytes | None = b""

    def feed(self, piece: bytes) -> bytes:
        """Raises WrongFormatError when the first bytes are those of a file."""
        if self._head is not None:
            piece = self._head = self._head + piece
            if len(piece) < 4:
                return b""
            if container := container_of(piece):
                raise WrongFormatError(f"{container} came where raw PCM was asked for")
            self._head = None
        return self._whole.feed(from_pcm16(self._resampler.feed(piece)))

    def flush(self) -> bytes:
        """The end of the text."""
        if self._head is not None:
            return b""  # less than four bytes are no sound
        return self._whole.feed(from_pcm16(self._resampler.flush())) + self._whole.flush()
