"""The one-time token that opens a call's media socket. They live in memory, as the calls do."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

LIFETIME_S = 60.0
MOST_UNUSED = 5
"""A carrier that never opens our socket is not asked for ever: going round once more only costs money."""


class StreamTokens:
    """Of one call. Only the newest counts, once, and for a minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._token = ""
        self._spent = ""
        self._expires_at = 0.0
        self.issued = 0
        """How many were given out: the number of the newest stream."""
        self.used = 0
        """The number of the stream that was opened last."""

    @property
    def exhausted(self) -> bool:
        return self.issued - self.used >= MOST_UNUSED

    def issue(self) -> str:
        self.issued += 1
        self._token = secrets.token_urlsafe(24)
        self._expires_at = self._clock() + LIFETIME_S
        return self._token

    def use(self, token: str, *, again: bool = False) -> bool:
        """Whether this opens the socket now. It never does again, unless ``again``: its socket is gone."""
        if again and _same(token, self._spent):
            return True
        if not _same(token, self._token) or self._clock() > self._expires_at:
            return False
        self._token, self._spent = "", self._token
        self.used = self.issued
        return True


def _same(token: str, other: str) -> bool:
    return bool(other) and hmac.compare_digest(token.encode(), other.encode())
