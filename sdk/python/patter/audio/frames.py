"""A byte stream of µ-law 8 kHz, cut into the frames that carriers want."""

from __future__ import annotations

from patter.audio.mulaw import SILENCE

SAMPLE_RATE_HZ = 8000
FRAME_MS = 20
FRAME_BYTES = 160
BYTES_PER_MS = 8


def ms_of(size_bytes: int) -> int:
    """Whole milliseconds that this many bytes of µ-law 8 kHz last."""
    return size_bytes // BYTES_PER_MS


def bytes_of(ms: int) -> int:
    """Bytes of µ-law 8 kHz that last this long."""
    return ms * BYTES_PER_MS


def silence(ms: int) -> bytes:
    """Digital silence of this length."""
    return SILENCE * bytes_of(ms)


class Framer:
    """Cuts chunks of any size into 20 ms frames and carries the rest over."""

    def __init__(self) -> None:
        self._carry = b""

    @property
    def carried_bytes(self) -> int:
        """What waits for the rest of its frame."""
        return len(self._carry)

    def feed(self, payload: bytes) -> list[bytes]:
        """Take a chunk and give the frames that are now whole."""
        data = self._carry + payload
        whole = len(data) - len(data) % FRAME_BYTES
        self._carry = data[whole:]
        return [data[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)]

    def flush(self) -> bytes | None:
        """The last frame, filled up with silence, or None when nothing was carried."""
        if not self._carry:
            return None
        frame, self._carry = self._carry.ljust(FRAME_BYTES, SILENCE), b""
        return frame
