"""Which marks come back, and when. Pure."""

from __future__ import annotations

from patter.simulators.carrier.faults import CarrierFaults


class LostMarks:
    """Which marks are echoed at all."""

    def __init__(self, faults: CarrierFaults) -> None:
        self._faults = faults
        self._count = 0

    def kept(self, names: list[str], *, cleared: bool = False) -> list[str]:
        """Of these marks, those that are echoed. ``cleared``: they would come back because of a clear."""
        faults = self._faults
        if faults.marks_never_echoed or (cleared and faults.marks_lost_on_clear):
            return []
        return [name for name in names if not self._is_lost()]

    def _is_lost(self) -> bool:
        self._count += 1
        every = self._faults.lost_mark_every
        return every > 0 and self._count % every == 0


class LateMarks:
    """Holds echoes back for a while."""

    def __init__(self, faults: CarrierFaults) -> None:
        self._late_ms = faults.late_marks_ms
        self._waiting: list[tuple[float, str]] = []

    def delayed(self, messages: list[str], now_ms: float) -> list[str]:
        """What may go now, of these messages and of those that waited."""
        if not self._late_ms:
            return messages
        self._waiting += [(now_ms + self._late_ms, message) for message in messages]
        due = [message for at_ms, message in self._waiting if at_ms <= now_ms]
        self._waiting = [waits for waits in self._waiting if waits[0] > now_ms]
        return due
