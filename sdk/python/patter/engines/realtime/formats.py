"""The session's audio formats and the phone's: equal ones pass through, others are converted. Pure.

OpenAI takes µ-law as the carriers send it, and nothing is converted. Servers that speak its protocol do not
all: ``pcma`` is A-law at 8 kHz, ``pcm`` signed 16 bit little-endian at 24 kHz, the only rate that there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from patter.audio.codecs import decoder, encoder

Convert = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class SessionFormat:
    """``wire``: as ``session.update`` names it. ``codec``, ``rate_hz``: as our converters do."""

    wire: dict[str, Any]
    codec: str
    rate_hz: int

    def from_phone(self) -> Convert | None:
        """Turns µ-law into it, for one session; None where nothing is to be done."""
        return None if self.codec == "PCMU" else encoder(self.codec, self.rate_hz).feed

    def to_phone(self) -> Convert | None:
        """Turns it into µ-law, for one session; None where nothing is to be done."""
        return None if self.codec == "PCMU" else decoder(self.codec, self.rate_hz, "little").feed


FORMATS = {
    "pcmu": SessionFormat({"type": "audio/pcmu"}, "PCMU", 8000),
    "pcma": SessionFormat({"type": "audio/pcma"}, "PCMA", 8000),
    "pcm": SessionFormat({"type": "audio/pcm", "rate": 24_000}, "L16", 24_000),
}
PCMU = FORMATS["pcmu"]
