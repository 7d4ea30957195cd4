"""What a network does to the order of media messages, on purpose and repeatably. Pure."""

from __future__ import annotations

from patter.audio.frames import FRAME_MS
from patter.simulators.sound import is_audible
from patter.simulators.telnyx.faults import Faults

GAP_MS = 3000
QUIET_FRAMES = 20
LATE_EVERY, TWICE_EVERY, LOST_EVERY = 5, 7, 11


class Disorder:
    """Takes a stream's media messages in order and gives them as they arrive."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._count = 0
        self._late: str | None = None
        self._dammed: list[str] = []

    def pass_on(self, message: str, at_ms: int) -> list[str]:
        faults = self._faults
        self._count += 1
        if faults.lost_media and self._count % LOST_EVERY == 0:
            return []
        out = [message, message] if faults.repeated_media and self._count % TWICE_EVERY == 0 else [message]
        if faults.shuffled_media and self._count % LATE_EVERY == 0:
            self._late, out = message, []
        elif self._late is not None:
            out, self._late = [*out, self._late], None
        return self._through_gap(out, at_ms)

    def _through_gap(self, messages: list[str], at_ms: int) -> list[str]:
        begins = self._faults.gap_at_ms
        if 0 < begins <= at_ms < begins + GAP_MS - FRAME_MS:
            self._dammed += messages
            return []
        out, self._dammed = [*self._dammed, *messages], []
        return out


class Hush:
    """Notices the end of the caller's first voice: a network that sends no silence sends nothing after it."""

    def __init__(self) -> None:
        self._spoke = False
        self._quiet = 0

    def fell(self, frame: bytes) -> bool:
        voiced = is_audible(frame)
        self._spoke = self._spoke or voiced
        self._quiet = 0 if voiced else self._quiet + 1
        return self._spoke and self._quiet >= QUIET_FRAMES


class Packets:
    """Frames of 20 ms gathered into packets of the length that a fault orders."""

    def __init__(self, frame_ms: int) -> None:
        self._frames = max(1, frame_ms // FRAME_MS)
        self._held: list[bytes] = []
        self._at_ms = 0

    def take(self, frame: bytes, at_ms: int) -> tuple[bytes, int] | None:
        """A packet and the time of its beginning, when it is full."""
        if not self._held:
            self._at_ms = at_ms
        self._held.append(frame)
        if len(self._held) < self._frames:
            return None
        sound, self._held = b"".join(self._held), []
        return sound, self._at_ms
