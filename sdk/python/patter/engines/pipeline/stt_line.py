"""The line to the recogniser: opened, kept fed, and opened again when it fails.

Caller audio is never lost between two connections: what came since the last final text, up to 2 s,
is given to the next one.

What matters leaves at once. Silence that nobody waits for leaves 100 ms at a time: a message costs as much
as all that is decided about a frame, and most of a call is one side's silence.
"""

from __future__ import annotations

from collections import deque

from patter.bridge.commands import Commands, SttAudio, SttOpen, SttStop
from patter.bridge.events import SttClosed, SttFailed, SttOpened

KEEP_BYTES = 16_000
QUIET_BYTES = 800
TRIES = 3
FIRST_WAIT_S = 0.3
OPEN_WITHIN_S = 5.0
SOUND_AFTER_S = 30.0
"""A connection that held this long was a good one: its end does not count with the failures before."""


class SttLine:
    """One call's connection to speech recognition."""

    def __init__(self) -> None:
        self._count = 0
        self.stt_id = "stt0"
        """The present connection."""
        self._failures = 0
        self._open = False
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0
        self._unsent: list[bytes] = []
        self._again_at: float | None = None
        self._open_until: float | None = None
        self._opened_at = 0.0
        self._lost = True
        self.dead = False
        """It failed too often; the call cannot go on with it."""

    def open(self, now: float) -> Commands:
        self._count += 1
        self.stt_id = f"stt{self._count}"
        self._open = self._lost = False
        self._again_at = None
        self._open_until = now + OPEN_WITHIN_S
        return [SttOpen(self.stt_id)]

    def audio(self, payload: bytes, *, quiet: bool = False) -> Commands:
        """The caller's voice; ``quiet``: silence, and no word is waited for."""
        self._keep(payload)
        if not self._open:
            return []
        if not self._unsent and not quiet:
            return [SttAudio(self.stt_id, payload)]
        self._unsent.append(payload)
        return [] if quiet and sum(map(len, self._unsent)) < QUIET_BYTES else self.flush()

    def flush(self) -> Commands:
        """Send what was kept back."""
        if not self._unsent:
            return []
        payload = b"".join(self._unsent)
        self._unsent.clear()
        return [SttAudio(self.stt_id, payload)]

    def opened(self, event: SttOpened, now: float) -> Commands:
        if event.stt_id != self.stt_id or self._open or self._lost:
            return []
        self._open = True
        self._open_until, self._opened_at = None, now
        return [SttAudio(self.stt_id, payload) for payload in self._kept]

    def final_text(self) -> None:
        """What was recognised need not be given to another recogniser."""
        self._failures = 0
        self._kept.clear()
        self._kept_bytes = 0

    def failed(self, event: SttFailed | SttClosed, now: float) -> bool:
        """Whether this concerned the present connection. The next try comes by timer."""
        if event.stt_id != self.stt_id or self._lost:
            return False
        if self._open and now - self._opened_at >= SOUND_AFTER_S:
            self._failures = 0
        self._open, self._lost, self._open_until = False, True, None
        self._unsent.clear()  # it is kept for the next one
        self._failures += 1
        permanent = isinstance(event, SttFailed) and event.permanent
        if permanent or self._failures > TRIES:
            self.dead = True
        else:
            self._again_at = now + FIRST_WAIT_S * 2 ** (self._failures - 1)
        return True

    def next_timer(self) -> float | None:
        return self._again_at if self._open_until is None else self._open_until

    def is_late(self, now: float) -> bool:
        """It was asked to open and says nothing at all."""
        return self._open_until is not None and self._open_until <= now

    def handle_timer(self, now: float) -> Commands:
        return self.open(now) if self._again_at is not None and self._again_at <= now else []

    def stop(self) -> Commands:
        self._again_at = self._open_until = None
        return [SttStop(self.stt_id)] if self._count else []

    def rest(self) -> Commands:
        """Nobody is on the line for a while. What was heard before is not given to the next recogniser."""
        stops = [SttStop(self.stt_id)] if self._count and not self._lost else []
        self._open, self._lost = False, True
        self._again_at = self._open_until = None
        self.final_text()
        self._unsent.clear()
        return [*stops]

    def _keep(self, payload: bytes) -> None:
        self._kept.append(payload)
        self._kept_bytes += len(payload)
        while self._kept_bytes > KEEP_BYTES:
            self._kept_bytes -= len(self._kept.popleft())
