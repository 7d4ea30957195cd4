"""How a call's state moves: a table, and nothing else in this file.

Carriers repeat webhooks, send them late and in any order, and leave some out. So a step never says
"go to"; it says what is now known. A status has a rank: a step of a lower rank changes no status, a
terminal status is never left, and what a step proves about the past (that it rang, that it was
answered) is noted wherever it still fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RANKS = {
    "scheduled": 0,
    "queued": 1,
    "dialling": 2,
    "ringing": 3,
    "in_progress": 4,
    "transferring": 5,
    "completed": 9,
    "failed": 9,
    "cancelled": 9,
}
TERMINAL_RANK = 9


class Step(StrEnum):
    """What can become known about a call."""

    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"
    TRANSFERRING = "transferring"
    RETURNED = "returned"  # from a transfer that did not come about
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    INVALID_NUMBER = "invalid_number"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the request to dial was never answered


@dataclass(frozen=True, slots=True)
class Row:
    """Where a step leads. ``stamps`` are set where they are still empty.

    ``outcome`` and ``reason`` are those of a call that ends here unanswered; ``answered_status`` and
    ``answered_reason`` those of one that had been answered.
    """

    status: str
    stamps: tuple[str, ...] = ()
    outcome: str = ""
    reason: str = ""
    answered_status: str = ""
    answered_reason: str = ""


def _ended(status: str, outcome: str, reason: str, answered: tuple[str, str]) -> Row:
    return Row(status, ("ended_at",), outcome, reason, *answered)


_HUNG_UP = ("completed", "caller_hung_up")
_BROKEN = ("failed", "carrier_error")

TABLE: dict[Step, Row] = {
    Step.DIALLING: Row("dialling", ("started_at",)),
    Step.RINGING: Row("ringing", ("started_at", "ringing_at")),
    Step.ANSWERED: Row("in_progress", ("started_at", "answered_at")),
    Step.TRANSFERRING: Row("transferring", ("started_at", "answered_at")),
    Step.RETURNED: Row("in_progress"),
    # Carriers say "completed" only of answered calls, so it proves the answer too.
    Step.COMPLETED: Row(
        "completed", ("started_at", "answered_at", "ended_at"), "human", "caller_hung_up", *_HUNG_UP
    ),
    Step.BUSY: _ended("failed", "busy", "busy", _HUNG_UP),
    Step.NO_ANSWER: _ended("failed", "no_answer", "no_answer", _HUNG_UP),
    Step.DECLINED: _ended("failed", "declined", "declined", _HUNG_UP),
    Step.INVALID_NUMBER: _ended("failed", "invalid_number", "failed", _BROKEN),
    Step.BLOCKED: _ended("failed", "blocked", "blocked", _BROKEN),
    Step.CANCELLED: _ended("cancelled", "cancelled", "cancelled", _HUNG_UP),
    Step.FAILED: _ended("failed", "failed", "failed", _BROKEN),
    Step.UNKNOWN: _ended("failed", "unknown", "unknown", _BROKEN),
}


@dataclass(frozen=True, slots=True)
class Move:
    """What a step does to a call. ``status`` is None where it stays.

    ``ends`` is true for the one step that ends the call; only then outcome and reason are given.
    """

    status: str | None = None
    stamps: tuple[str, ...] = ()
    outcome: str = ""
    reason: str = ""

    @property
    def ends(self) -> bool:
        return self.status is not None and RANKS[self.status] == TERMINAL_RANK


def decide(status: str, answered: bool, step: Step) -> Move:
    """The move that a step makes from a status.

    Args:
        status: the call's status now.
        answered: whether the call is known to have been answered.
    """
    row, rank = TABLE[step], RANKS[status]
    if rank == TERMINAL_RANK:
        return Move()
    if step is Step.RETURNED:
        return Move(row.status) if status == "transferring" else Move()
    if RANKS[row.status] == TERMINAL_RANK:
        return _ending(row, answered)
    moved = row.status if RANKS[row.status] > rank else None
    return Move(moved, row.stamps)


def _ending(row: Row, answered: bool) -> Move:
    if answered or "answered_at" in row.stamps:
        return Move(row.answered_status, row.stamps, "human", row.answered_reason)
    return Move(row.status, row.stamps, row.outcome, row.reason)
