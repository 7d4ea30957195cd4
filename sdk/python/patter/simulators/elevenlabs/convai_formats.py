"""The formats of a simulated agent's audio, from and to the µ-law 8 kHz that the simulators work in."""

from __future__ import annotations

from patter.audio.mulaw import from_pcm16, to_pcm16
from patter.audio.resample import Resampler

ULAW = "ulaw_8000"


class Reader:
    """The caller's format as µ-law 8 kHz."""

    def __init__(self, name: str) -> None:
        self._resampler = None if name == ULAW else Resampler(_rate(name), 8000)

    def read(self, payload: bytes) -> bytes:
        return payload if self._resampler is None else from_pcm16(self._resampler.feed(payload))


class Writer:
    """µ-law 8 kHz as the agent's format."""

    def __init__(self, name: str) -> None:
        self._resampler = None if name == ULAW else Resampler(8000, _rate(name))

    def write(self, payload: bytes) -> bytes:
        return payload if self._resampler is None else self._resampler.feed(to_pcm16(payload))


def _rate(name: str) -> int:
    return int(name.removeprefix("pcm_"))
