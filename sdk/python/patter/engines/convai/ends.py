"""How the engine ends a call: a reason, last words, and a deadline for them. Pure."""

from __future__ import annotations

GOODBYE_WITHIN_S = 15.0
"""For the agent's last words, from the wish to end on."""
LAST_WORDS_AFTER_S = 1.5
"""An agent that ended the call without a word gets this long to begin one; then we say the goodbye."""
FAILURES = ("provider_error", "handler_lost")
"""Ends for which the caller is owed an apology, if need be in the carrier's own voice."""


class Ends:
    """The first reason counts."""

    def __init__(self) -> None:
        self.reason = ""
        self.at: float | None = None
        """The latest moment for the end."""
        self.words_at: float | None = None
        """When we say the goodbye, unless the agent begins to speak."""

    def begin(self, reason: str, now: float) -> None:
        self.reason = self.reason or reason
        self.at = now + GOODBYE_WITHIN_S

    def wait_for_words(self, now: float) -> None:
        self.words_at = now + LAST_WORDS_AFTER_S

    def clear(self) -> None:
        self.at = self.words_at = None
