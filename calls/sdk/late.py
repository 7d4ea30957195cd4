"""Answers of clients that do not say which question they answer (getpatter 0.4). Pure.

Such a client works off one message after the other. Where the caller went on before it had answered, what
comes next may still be the answer to the question before: it is kept back for a moment, for the newer one
to come. A client that had no answer to that question pays for it with this moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LATE_FOR_S = 5.0
"""A question that was asked longer ago than this had no answer, when the next one comes."""
NEWER_WITHIN_S = 2.5


class LateAnswers:
    """Of one connection."""

    def __init__(self) -> None:
        self.until: float | None = None
        """Then whatever is kept back counts; None while nothing is."""
        self._asked_at: float | None = None
        self._owed = 0
        self._kept: tuple[str, Mapping[str, Any]] | None = None

    def asked(self, now: float) -> None:
        """A question is on its way to the client."""
        self._asked_at = now

    def given_up(self, now: float) -> None:
        """Nobody waits for its answer any more, which may come all the same."""
        if self._asked_at is not None and now - self._asked_at < LATE_FOR_S:
            self._owed += 1

    def forget(self) -> None:
        """There is no question now, or a new one: whatever was kept back is of one before."""
        self._kept = self.until = None

    def keep(self, connection_id: str, frame: Mapping[str, Any], now: float) -> bool:
        """Whether this answer may be the one to a question before, and is kept back for now."""
        if not self._owed:
            return False
        self._owed -= 1
        self._kept, self.until = (connection_id, frame), now + NEWER_WITHIN_S
        return True

    def take(self) -> tuple[str, Mapping[str, Any]] | None:
        """What was kept back, since nothing newer came."""
        kept, self._kept, self.until = self._kept, None, None
        return kept
