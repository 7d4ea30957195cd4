"""The line to a Realtime session: opened, kept fed, renewed within the hour, opened again when it fails.

Caller audio is never lost between two sessions: what came since the caller's last whole utterance, up to
2 s, is given to the next one.
"""

from __future__ import annotations

from collections import deque

from patter.audio.frames import ms_of
from patter.bridge.commands import Commands, SpeechOpen, SpeechSend, SpeechStop
from patter.engines.realtime.formats import PCMU, SessionFormat
from patter.engines.realtime.wire import append

KEEP_BYTES = 16_000
TRIES = 2
FIRST_WAIT_S = 0.3
OPEN_WITHIN_S = 3.0
SOUND_AFTER_S = 30.0
"""A session that held this long was a good one: its end does not count with the failures before."""
RENEW_AFTER_S = 55 * 60.0
"""A session ends after an hour without a warning. Before that, the first silence is used for another one."""


class SpeechLine:
    """One call's connection. ``ready``: the session has our settings, and hears the caller."""

    def __init__(self, audio: SessionFormat = PCMU) -> None:
        self._format = audio
        self._from_phone, self._to_phone = audio.from_phone(), audio.to_phone()
        self._count = 0
        self._failures = 0
        self._lost = True
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0
        self._sent_bytes = 0
        self._again_at: float | None = None
        self._open_until: float | None = None
        self._ready_at = 0.0
        self.speech_id = ""
        self.ready = False
        self.dead = False
        """It failed too often; the call cannot go on with it."""

    @property
    def renewed(self) -> bool:
        """This is not the call's first session: it knows nothing of what was said."""
        return self._count > 1

    @property
    def sent_ms(self) -> int:
        """How much of the caller's voice this session was given: the session's own clock."""
        return ms_of(self._sent_bytes)

    def open(self, now: float) -> Commands:
        self._count += 1
        self.speech_id = f"speech{self._count}"
        self._lost = self.ready = False
        self._sent_bytes = 0
        self._from_phone, self._to_phone = self._format.from_phone(), self._format.to_phone()
        self._again_at = None
        self._open_until = now + OPEN_WITHIN_S
        return [SpeechOpen(self.speech_id)]

    def owns(self, speech_id: str) -> bool:
        return speech_id == self.speech_id and not self._lost

    def settle(self, settings: str) -> Commands:
        """The socket is there: the first message says what kind of session it is to be."""
        return [SpeechSend(self.speech_id, settings)]

    def say(self, message: str) -> Commands:
        """Nothing is said to a session that has not begun: when it does it is told what it must know."""
        return [SpeechSend(self.speech_id, message)] if self.ready else []

    def audio(self, payload: bytes) -> Commands:
        size = len(payload)
        self._kept.append(payload)
        self._kept_bytes += size
        while self._kept_bytes > KEEP_BYTES:
            self._kept_bytes -= len(self._kept.popleft())
        if not self.ready:
            return []
        self._sent_bytes += size
        return [self._send(payload)]

    def _send(self, payload: bytes) -> SpeechSend:
        convert = self._from_phone
        return SpeechSend(self.speech_id, append(payload if convert is None else convert(payload)))

    def phone_audio(self, payload: bytes) -> bytes:
        """What the session says, as the phone hears it: µ-law. Empty for less than a sample."""
        convert = self._to_phone
        return payload if convert is None else convert(payload)

    def begun(self, now: float) -> Commands:
        """The settings are in force: the caller's voice may go in."""
        self.ready = True
        self._open_until, self._ready_at = None, now
        self._sent_bytes = self._kept_bytes
        return [self._send(payload) for payload in self._kept]

    def utterance_taken(self) -> None:
        """What was said need not be said to another session."""
        self._failures = 0
        self._kept.clear()
        self._kept_bytes = 0

    def failed(self, now: float, *, permanent: bool) -> Commands:
        """This session is over. The next try comes by timer."""
        if self.ready and now - self._ready_at >= SOUND_AFTER_S:
            self._failures = 0
        self.ready = False
        self._lost, self._open_until = True, None
        self._failures += 1
        if permanent or self._failures > TRIES:
            self.dead = True
        else:
            self._again_at = now + FIRST_WAIT_S * 2 ** (self._failures - 1)
        return [SpeechStop(self.speech_id)]

    # -- time -----------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return self._again_at if self._open_until is None else self._open_until

    def is_late(self, now: float) -> bool:
        """It was asked to open, and is not ready."""
        return self._open_until is not None and self._open_until <= now

    def is_old(self, now: float) -> bool:
        return self.ready and now - self._ready_at >= RENEW_AFTER_S

    def handle_timer(self, now: float) -> Commands:
        return self.open(now) if self._again_at is not None and self._again_at <= now else []

    def renew(self, now: float) -> Commands:
        """Leave an old session for a new one."""
        return [SpeechStop(self.speech_id), *self.open(now)]

    def stop(self) -> Commands:
        self._again_at = self._open_until = None
        self._lost, self.ready = True, False
        return [SpeechStop(self.speech_id)] if self._count else []
