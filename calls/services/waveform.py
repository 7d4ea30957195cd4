"""How loud both sides of a call were over time, as bars, from stretches of its recording. Pure."""

from __future__ import annotations

from patter.audio.mulaw import MAX_LEVEL, level

BARS = 400
"""However long the call was."""
FRAME_BYTES = 160


class Waveform:
    """Of one side: takes its µ-law in order and keeps a byte of each 20 ms."""

    def __init__(self) -> None:
        self._levels = bytearray()

    def add(self, side: bytes) -> None:
        frames = range(0, len(side), FRAME_BYTES)
        self._levels += bytes(level(side[at : at + FRAME_BYTES]) for at in frames)

    def bars(self) -> list[int]:
        """0 to 100 for each bar: how loud its loudest frame was. At most ``BARS``."""
        frames = max(1, -(-len(self._levels) // BARS))
        loudest = (max(self._levels[at : at + frames]) for at in range(0, len(self._levels), frames))
        return [round(100 * each / MAX_LEVEL) for each in loudest]
