"""How a call begins: an announcement, the first message, or a wait for the caller's first words."""

from __future__ import annotations

from patter.bridge.plan import CallPlan

LET_SPEAK_S = 3.0
"""A first message waits at most this long for a caller who is speaking when it should begin."""
LOOK_AGAIN_S = 0.2


class Opening:
    """What of it is still to come."""

    def __init__(self, plan: CallPlan) -> None:
        self._plan = plan
        self._latest = 0.0
        self._greets_silence = False
        self.announcing = False
        self.first_at: float | None = None
        """When the first message is due; None: it was said, or is not to be."""

    def announce(self) -> bool:
        """Whether an announcement comes before everything else."""
        self.announcing = bool(self._plan.announcement.strip())
        return self.announcing

    def begin(self, now: float) -> None:
        """Nothing is announced, or it was heard."""
        self.announcing = False
        if not self._plan.first_message.strip():
            return
        if self._plan.first_speaker == "caller":
            self._greets_silence = True  # words get an answer; a caller who waits is greeted
        else:
            self.first_at = now + self._plan.turn_taking.first_message_delay_ms / 1000
            self._latest = self.first_at + LET_SPEAK_S

    def due(self, now: float, *, caller_speaks: bool) -> bool:
        """Whether the first message is to be said now."""
        if self.first_at is None or self.first_at > now:
            return False
        if caller_speaks and now < self._latest:
            self.first_at = now + LOOK_AGAIN_S
            return False
        return True

    def without_first(self) -> None:
        """Something else was said first."""
        self.first_at = None

    def answered(self) -> None:
        """The caller said something, and it is being answered."""
        self.first_at, self._greets_silence = None, False

    def over(self) -> None:
        """A machine listens, or the call ends."""
        self.answered()
        self.announcing = False

    def take_greeting(self) -> bool:
        """True once, for a caller who was to speak first and is silent."""
        greets, self._greets_silence = self._greets_silence, False
        return greets
