"""Audio in whole milliseconds: what was heard is counted in them, and halves would be lost. Pure."""

from __future__ import annotations

from patter.audio.frames import BYTES_PER_MS


class WholeMs:
    """µ-law 8 kHz in chunks of any size; what is less than a millisecond waits for the next."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, payload: bytes) -> bytes:
        data = self._rest + payload
        whole = len(data) - len(data) % BYTES_PER_MS
        self._rest = data[whole:]
        return data[:whole]

    def flush(self) -> bytes:
        """What still waited, at the end of a text."""
        rest, self._rest = self._rest, b""
        return rest
