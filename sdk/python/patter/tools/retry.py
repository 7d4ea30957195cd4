"""Which failed requests of tools are tried again, and when. Pure: the same for a worker and in process.

A tool is tried up to three times. An answer of 2xx is success, whatever its body. Of the others 4xx is
final but for 408, 425 and 429, and so is a redirect, which is never followed; everything else, a silence
and a broken connection included, may come right. All tries of a run carry one ``webhook-id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MOST_TRIES = 3
DELAYS_S = (0.5, 2.0)
LONGEST_DELAY_S = 60.0
"""What ``Retry-After`` may ask for. Nobody on a phone waits longer."""
TRANSIENT_4XX = frozenset([408, 425, 429])

Cause = Literal["status", "timeout", "connection", "unreachable", "address", "tool"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one try was no success.

    ``cause``: status (an answer, but not 2xx), timeout, connection (it broke), unreachable (there was none),
    address (it may not be called), tool (an MCP server says that it failed). ``error`` is a sentence without
    secrets or bodies.
    """

    cause: Cause
    error: str
    status: int | None = None
    retry_after_s: float | None = None

    @property
    def may_have_taken_effect(self) -> bool:
        """The request was on its way, and nobody knows what became of it."""
        return self.cause in ("timeout", "connection")

    @property
    def permanent(self) -> bool:
        """Trying again would not help."""
        if self.cause in ("address", "tool"):
            return True
        if self.status is None:
            return False
        return 300 <= self.status < 500 and self.status not in TRANSIENT_4XX


def next_try_in_s(tries: int, failure: Failure) -> float | None:
    """Seconds until the next try after ``tries`` of them, or None: it has failed for good."""
    if failure.permanent or tries >= MOST_TRIES:
        return None
    delay_s = DELAYS_S[min(tries, len(DELAYS_S)) - 1]
    return min(max(delay_s, failure.retry_after_s or 0.0), LONGEST_DELAY_S)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """What ``Retry-After`` says, in seconds. Its other form, a date, is rare and is not read."""
    given = headers.get("retry-after", "").strip()
    return float(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def may_send_again(*, effects: bool, idempotent: bool) -> bool:
    """Whether a try that was cut off by a crash of ours, so that nobody knows its result, is repeated."""
    return idempotent or not effects
