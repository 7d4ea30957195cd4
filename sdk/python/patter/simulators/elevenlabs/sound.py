"""The simulated voice's audio in pieces, each with the times of its characters. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from patter.audio.frames import bytes_of, ms_of

PIECE_MS = 120


def pieces_of(text: str, sound: bytes, piece_bytes: int = 0) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """µ-law in pieces. Characters share its length evenly; times count from the piece's beginning."""
    size = piece_bytes or bytes_of(PIECE_MS)
    total_ms, spoken = ms_of(len(sound)), text + " "
    at_char = 0
    for at in range(0, len(sound), size):
        from_ms, until_ms = ms_of(at), ms_of(at + size)
        chars, starts, lengths = [], [], []
        while at_char < len(spoken) and at_char * total_ms // len(spoken) < until_ms:
            start_ms = at_char * total_ms // len(spoken)
            chars.append(spoken[at_char])
            starts.append(max(0, start_ms - from_ms))
            lengths.append((at_char + 1) * total_ms // len(spoken) - start_ms)
            at_char += 1
        times = {"chars": chars, "charStartTimesMs": starts, "charDurationsMs": lengths}
        yield sound[at : at + size], times
