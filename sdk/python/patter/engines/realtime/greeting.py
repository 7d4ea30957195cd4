"""When the first message is said: after an announcement or a moment, or where nobody speaks. Pure."""

from __future__ import annotations

from patter.bridge.plan import CallPlan

LET_SPEAK_S = 3.0
"""A first message waits at most this long for a caller who is speaking when it should begin."""
LOOK_AGAIN_S = 0.2


class Greeting:
    """``at``: when it is due; None where it is none, or was begun, or is not wanted any more."""

    def __init__(self, plan: CallPlan) -> None:
        self.text = plan.first_message
        self.announcement = plan.announcement
        self.announcing = bool(plan.announcement.strip())
        """The announcement is said before anything else, and is not over yet."""
        self._greets = bool(plan.first_message.strip())
        self._caller_first = plan.first_speaker == "caller"
        self._delay_s = plan.turn_taking.first_message_delay_ms / 1000
        self._latest = 0.0
        self.at: float | None = None
        self.breaks_silence = False
        """The caller was to speak first, and nobody has: it is said where they do not."""

    @property
    def due(self) -> bool:
        return self.at is not None

    def begin(self, now: float) -> None:
        """Media flows, and nothing is to be said before it."""
        self.announcing = False
        self.breaks_silence = self._greets and self._caller_first
        if self._greets and not self._caller_first:
            self.at = now + self._delay_s
            self._latest = self.at + LET_SPEAK_S

    def take(self, now: float, *, caller_speaks: bool) -> bool:
        """True when it is to be said now. A caller who is speaking is let finish."""
        if self.at is None or self.at > now:
            return False
        if caller_speaks and now < self._latest:
            self.at = now + LOOK_AGAIN_S
            return False
        self.at = None
        return True

    def take_in_silence(self) -> bool:
        """True, once, when it is to be said because nobody spoke."""
        breaks, self.breaks_silence = self.breaks_silence, False
        return breaks

    def forget_time(self) -> None:
        """Something else is said first."""
        self.at = None

    def forget(self) -> None:
        """The caller said something, or nobody is to be greeted: it is not said any more."""
        self.at, self.breaks_silence = None, False
