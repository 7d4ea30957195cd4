"""What a network does to the order of media messages, on purpose and repeatably. Pure."""

from __future__ import annotations

from patter.simulators.telnyx.faults import Faults

LATE_EVERY, TWICE_EVERY, LOST_EVERY = 5, 7, 11


class Disorder:
    """Takes a stream's media messages in order and gives them as they arrive."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._count = 0
        self._late: str | None = None

    def pass_on(self, message: str) -> list[str]:
        faults = self._faults
        self._count += 1
        if faults.lost_media and self._count % LOST_EVERY == 0:
            return []
        out = [message, message] if faults.repeated_media and self._count % TWICE_EVERY == 0 else [message]
        if faults.shuffled_media and self._count % LATE_EVERY == 0:
            self._late, out = message, []
        elif self._late is not None:
            out, self._late = [*out, self._late], None
        return out
