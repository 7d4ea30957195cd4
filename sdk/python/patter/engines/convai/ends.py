"""How the engine ends a call: a reason, last words, and a deadline for them. Pure."""

from __future__ import annotations

GOODBYE_WITHIN_S = 15.0
"""For the agent's last words to begin, from the wish to end on."""
LONGEST_WORDS_S = 120.0
"""Last words that have begun are heard: a message for an answering machine takes its time."""
LOOK_AGAIN_S = 2.0
LAST_WORDS_AFTER_S = 1.5
"""An agent that ended the call without a word gets this long to begin one; then we say the goodbye."""
FAILURES = ("provider_error", "handler_lost")
"""Ends for which the caller is owed an apology, if need be in the carrier's own voice."""


class Ends:
    """The first reason counts."""

    def __init__(self) -> None:
        self.reason = ""
        self._latest = 0.0
        self.at: float | None = None
        """The latest moment for the end."""
        self.words_at: float | None = None
        """When we say the goodbye, unless the agent begins to speak."""

    def begin(self, reason: str, now: float) -> None:
        self.reason = self.reason or reason
        self.at = now + GOODBYE_WITHIN_S
        self._latest = now + LONGEST_WORDS_S

    def is_due(self, now: float, *, speaking: bool) -> bool:
        """Whether the call ends now, whatever was said."""
        if self.at is None or self.at > now:
            return False
        if speaking and now < self._latest:
            self.at = now + LOOK_AGAIN_S
            return False
        return True

    def wait_for_words(self, now: float) -> None:
        self.words_at = now + LAST_WORDS_AFTER_S

    def clear(self) -> None:
        self.at = self.words_at = None
