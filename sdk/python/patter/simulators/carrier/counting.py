"""How a carrier numbers the messages of a media socket. Pure."""

from __future__ import annotations

from patter.simulators.carrier.faults import CarrierFaults


class Counting:
    """Messages and chunks count from 1, media time from 0; all of them may begin anew."""

    def __init__(self, faults: CarrierFaults) -> None:
        self._anew_at_ms = faults.counts_anew_at_ms
        self._zero_ms = 0
        self._messages = 0
        self._chunks = 0

    def message(self) -> int:
        self._messages += 1
        return self._messages

    def media(self, at_ms: int) -> tuple[int, int, int]:
        """Of a message with sound from this moment of the stream: its number, its chunk, its timestamp."""
        if 0 < self._anew_at_ms <= at_ms:
            self._anew_at_ms, self._zero_ms = 0, at_ms
            self._messages = self._chunks = 0
        self._chunks += 1
        return self.message(), self._chunks, at_ms - self._zero_ms
