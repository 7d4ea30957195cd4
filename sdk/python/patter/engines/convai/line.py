"""The line to ElevenLabs: opened, kept, and opened anew where that helps. Pure.

Audio of the caller before the line is ready, or may hear them, is kept for two seconds and given then.
A conversation cannot be resumed: where the line is lost another one is begun, which is told what was said.
"""

from __future__ import annotations

from collections import deque

from patter.audio.frames import bytes_of, ms_of, silence
from patter.bridge.commands import Command, SpeechOpen, SpeechSend, SpeechStop
from patter.engines.convai.formats import Convert, from_phone, to_phone
from patter.engines.convai.wire import CallerChunk, Metadata

READY_WITHIN_S = 6.0
"""From the signed address to the open socket, and from the first message to the metadata."""
AGAIN_AFTER_S = 0.3
MOST_TRIES = 3
"""In a row: one that got an answer out counts anew."""
SILENT_S = 25.0
"""The vendor pings every few seconds. With no message at all for so long the line is dead."""
EARLY_MS = 2000
QUIET_S = 10.0
"""Without audio for so long (the caller's line is away) some silence is sent: the vendor waits for 60 s."""
MOST_JOINED = bytes_of(500)


class SpeechLine:
    """One conversation at a time. ``speech_id`` is the newest one's."""

    def __init__(self) -> None:
        self._count = 0
        self._tries = 0
        self._early: deque[bytes] = deque()
        self._early_bytes = 0
        self._from_phone: Convert | None = None
        self._to_phone: Convert | None = None
        self._open = False
        self.deaf = False
        """The conversation is not to hear the caller yet."""
        self.opened = False
        """The socket is there; the conversation may not have begun."""
        self._deadline: float | None = None
        self._again_at: float | None = None
        self._silent_at: float | None = None
        self._quiet_at: float | None = None

    @property
    def speech_id(self) -> str:
        return f"speech{self._count}"

    @property
    def ready(self) -> bool:
        """The conversation goes on: something can be said into it."""
        return self._from_phone is not None

    @property
    def coming(self) -> bool:
        """It is not ready, and is being opened."""
        return not self.ready and (self._open or self._again_at is not None)

    @property
    def again(self) -> bool:
        """It is not the call's first conversation."""
        return self._count > 1

    # -- opening ----------------------------------------------------------------------------------

    def open(self, now: float) -> list[Command]:
        self._count += 1
        self._tries += 1
        self._again_at, self._deadline = None, now + READY_WITHIN_S
        self._open = True
        return [SpeechOpen(self.speech_id)]

    def initiated(self, now: float) -> None:
        """The first message was sent: the conversation begins soon."""
        self._deadline = now + READY_WITHIN_S

    def begin(self, metadata: Metadata, now: float) -> list[Command]:
        """The conversation began: what the caller said meanwhile comes first. Raises ValueError."""
        self._to_phone = to_phone(metadata.agent_format)
        self._from_phone = from_phone(metadata.caller_format)
        self._deadline = None
        self._silent_at, self._quiet_at = now + SILENT_S, now + QUIET_S
        return [] if self.deaf else self._give_early()

    def listen(self) -> list[Command]:
        """The conversation hears the caller from now on, and what they said meanwhile."""
        self.deaf = False
        return self._give_early() if self.ready else []

    def _give_early(self) -> list[Command]:
        early = b"".join(self._early)
        self._early.clear()
        self._early_bytes = 0
        pieces = range(0, len(early), MOST_JOINED)
        return [self._chunk(early[at : at + MOST_JOINED]) for at in pieces]

    def answered(self) -> None:
        """The vendor got an answer out: its line works."""
        self._tries = 0

    # -- sound ------------------------------------------------------------------------------------

    def caller(self, payload: bytes, now: float) -> list[Command]:
        """Audio of the caller, µ-law 8 kHz."""
        if not self.ready or self.deaf:
            self._keep(payload)
            return []
        self._quiet_at = now + QUIET_S
        return [self._chunk(payload)]

    def _keep(self, payload: bytes) -> None:
        self._early.append(payload)
        self._early_bytes += len(payload)
        while ms_of(self._early_bytes) > EARLY_MS:
            self._early_bytes -= len(self._early.popleft())

    def _chunk(self, payload: bytes) -> SpeechSend:
        assert self._from_phone is not None
        return SpeechSend(self.speech_id, CallerChunk(self._from_phone(payload)))

    def agent(self, payload: bytes) -> bytes:
        """Audio of the agent as µ-law 8 kHz."""
        return self._to_phone(payload) if self._to_phone is not None else b""

    def send(self, message: object) -> list[Command]:
        """Something for the conversation; dropped while there is none."""
        return [SpeechSend(self.speech_id, message)] if self._open else []

    # -- its end ----------------------------------------------------------------------------------

    def mine(self, speech_id: str) -> bool:
        """Whether an event concerns the present conversation."""
        return self._open and speech_id == self.speech_id

    def heard_from(self, now: float) -> None:
        """Any message at all came."""
        if self._silent_at is not None:
            self._silent_at = now + SILENT_S

    def lost(self, now: float) -> bool:
        """The line is gone. True where another one is tried, soon."""
        self._forget()
        if self._tries >= MOST_TRIES:
            return False
        self._again_at = now + AGAIN_AFTER_S * self._tries
        return True

    def stop(self) -> list[Command]:
        """No line is wanted any more."""
        was_open, speech_id = self._open, self.speech_id
        self._forget()
        self._again_at = None
        return [SpeechStop(speech_id)] if was_open else []

    def _forget(self) -> None:
        self._open = self.opened = False
        self._from_phone = self._to_phone = None
        self._deadline = self._silent_at = self._quiet_at = None

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        timers = (self._deadline, self._again_at, self._silent_at, self._quiet_at)
        return min((timer for timer in timers if timer is not None), default=None)

    def late(self, now: float) -> str:
        """Why the line has to be given up now; empty: it has not."""
        if self._deadline is not None and self._deadline <= now:
            return "the conversation did not begin in time"
        if self._silent_at is not None and self._silent_at <= now:
            return "nothing came any more"
        return ""

    def handle_timer(self, now: float) -> list[Command]:
        if self._again_at is not None and self._again_at <= now:
            return self.open(now)
        if self._quiet_at is not None and self._quiet_at <= now:
            self._quiet_at = now + QUIET_S
            return [self._chunk(silence(100))]
        return []
