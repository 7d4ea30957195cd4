"""Every status × every step, and whether the call had been answered: the whole machine."""

import itertools

import pytest

from calls.models import Call
from calls.services.progress import RANKS, TABLE, Move, Step, decide

STATUSES = [status.value for status in Call.Status]
LIVE = [status for status in STATUSES if status not in ("completed", "failed", "cancelled")]
TERMINAL = ("completed", "failed", "cancelled")
ENDS = {
    Step.BUSY: ("failed", "busy", "busy"),
    Step.NO_ANSWER: ("failed", "no_answer", "no_answer"),
    Step.DECLINED: ("failed", "declined", "declined"),
    Step.INVALID_NUMBER: ("failed", "invalid_number", "failed"),
    Step.BLOCKED: ("failed", "blocked", "blocked"),
    Step.CANCELLED: ("cancelled", "cancelled", "cancelled"),
    Step.FAILED: ("failed", "failed", "failed"),
    Step.UNKNOWN: ("failed", "unknown", "unknown"),
}
BROKEN = {Step.FAILED, Step.UNKNOWN, Step.INVALID_NUMBER, Step.BLOCKED}


def test_every_status_has_a_rank_and_every_step_a_row():
    assert set(RANKS) == set(STATUSES)
    assert set(TABLE) == set(Step)


@pytest.mark.parametrize(
    ("status", "step", "answered"), list(itertools.product(TERMINAL, Step, (True, False)))
)
def test_a_terminal_status_is_never_left(status, step, answered):
    assert decide(status, answered, step) == Move()


@pytest.mark.parametrize(("status", "step"), list(itertools.product(LIVE, Step)))
def test_a_status_never_falls(status, step):
    if step is Step.RETURNED:
        return
    moved = decide(status, False, step).status
    assert moved is None or RANKS[moved] > RANKS[status]


@pytest.mark.parametrize(("status", "step"), list(itertools.product(LIVE, ENDS)))
def test_an_unanswered_call_ends_with_the_carriers_word(status, step):
    move = decide(status, False, step)
    assert (move.status, move.outcome, move.reason) == ENDS[step]
    assert move.ends and move.stamps == ("ended_at",)


@pytest.mark.parametrize(("status", "step"), list(itertools.product(LIVE, ENDS)))
def test_an_answered_call_ends_as_one_that_a_person_took(status, step):
    move = decide(status, True, step)
    expected = ("failed", "carrier_error") if step in BROKEN else ("completed", "caller_hung_up")
    assert (move.status, move.reason, move.outcome) == (*expected, "human")


@pytest.mark.parametrize("status", LIVE)
def test_completed_proves_that_it_was_answered(status):
    move = decide(status, False, Step.COMPLETED)
    assert (move.status, move.outcome, move.reason) == ("completed", "human", "caller_hung_up")
    assert "answered_at" in move.stamps


@pytest.mark.parametrize(
    ("status", "step", "expected"),
    [
        ("queued", Step.DIALLING, "dialling"),
        ("scheduled", Step.DIALLING, "dialling"),
        ("queued", Step.ANSWERED, "in_progress"),
        ("dialling", Step.RINGING, "ringing"),
        ("dialling", Step.ANSWERED, "in_progress"),
        ("ringing", Step.ANSWERED, "in_progress"),
        ("in_progress", Step.TRANSFERRING, "transferring"),
        ("transferring", Step.RETURNED, "in_progress"),
    ],
)
def test_the_way_forward(status, step, expected):
    assert decide(status, False, step).status == expected


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("ringing", Step.DIALLING),
        ("in_progress", Step.RINGING),
        ("in_progress", Step.DIALLING),
        ("transferring", Step.ANSWERED),
        ("in_progress", Step.RETURNED),
        ("ringing", Step.RETURNED),
    ],
)
def test_what_comes_late_changes_no_status(status, step):
    assert decide(status, True, step).status is None


def test_a_late_ringing_still_says_that_it_rang():
    assert "ringing_at" in decide("in_progress", True, Step.RINGING).stamps
