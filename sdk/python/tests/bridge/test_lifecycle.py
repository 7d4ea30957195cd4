"""From ring to end: every state and cue."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patter.bridge.keypad import DIGITS, digit_text
from patter.bridge.lifecycle import END_REASONS, TABLE, Act, Cue, Lifecycle, State

PATHS: dict[State, list[Cue]] = {
    State.ANSWERED: [],
    State.CONNECTED: [Cue.OPENED],
    State.DETACHED: [Cue.OPENED, Cue.LOST],
    State.TRANSFERRING: [Cue.OPENED, Cue.TRANSFER],
    State.ENDING: [Cue.OPENED, Cue.HANG_UP],
    State.ENDED: [Cue.OPENED, Cue.OVER],
}


def brought_to(state: State) -> Lifecycle:
    lifecycle = Lifecycle(0.0)
    for cue in PATHS[state]:
        lifecycle.cue(cue, 1.0, "agent_ended")
    assert lifecycle.state is state
    return lifecycle


@pytest.mark.parametrize(("state", "cue"), list(product(State, Cue)))
def test_every_state_and_cue(state: State, cue: Cue) -> None:
    lifecycle = brought_to(state)
    lifecycle.has_line = False  # what an open line changes has its own test
    before = lifecycle.deadline
    act = lifecycle.cue(cue, 5.0, "idle")
    wanted, wanted_act = TABLE[state].get(cue, (state, Act.NONE))
    if wanted_act is Act.START and state is State.DETACHED:
        wanted_act = Act.REPLACE
    assert (lifecycle.state, act) == (wanted, wanted_act)
    if wanted is state:
        assert lifecycle.deadline == before
    else:
        seconds = {State.DETACHED: 10, State.TRANSFERRING: 10, State.ENDING: 5}.get(wanted)
        assert lifecycle.deadline == (None if seconds is None else 5.0 + seconds)


@given(st.lists(st.tuples(st.sampled_from(Cue), st.sampled_from(["idle", "busy", "nonsense", ""]))))
def test_one_start_one_hang_up_one_end_one_reason(cues: list[tuple[Cue, str]]) -> None:
    lifecycle, acts, reasons = Lifecycle(0.0), [], []
    for cue, reason in cues:
        acts.append(lifecycle.cue(cue, 0.0, reason))
        if lifecycle.over:
            reasons.append(lifecycle.reason)
    assert all(acts.count(act) <= 1 for act in (Act.START, Act.HANG_UP, Act.END))
    assert len(set(reasons)) <= 1
    assert set(reasons) <= END_REASONS
    if Act.END in acts:
        assert set(acts[acts.index(Act.END) + 1 :]) <= {Act.NONE}
    if Act.REPLACE in acts:
        assert acts.index(Act.START) < acts.index(Act.REPLACE)


@given(st.lists(st.sampled_from(Cue)))
def test_left_alone_every_call_that_is_not_connected_ends(cues: list[Cue]) -> None:
    lifecycle = Lifecycle(0.0)
    for cue in cues:
        lifecycle.cue(cue, 0.0)
    for _ in range(3):
        if lifecycle.deadline is not None:
            lifecycle.cue(Cue.LATE, lifecycle.deadline)
    assert lifecycle.state in (State.CONNECTED, State.ENDED)


def test_a_socket_that_was_lost_before_media_still_starts_the_call() -> None:
    lifecycle = Lifecycle(0.0)
    assert lifecycle.cue(Cue.LOST, 1.0) is Act.NONE
    assert lifecycle.cue(Cue.OPENED, 2.0) is Act.START


def test_a_stream_that_we_made_the_carrier_end_does_not_end_the_call() -> None:
    lifecycle = brought_to(State.CONNECTED)
    lifecycle.will_leave(20.0)
    assert lifecycle.cue(Cue.STOPPED, 2.0) is Act.NONE
    assert (lifecycle.state, lifecycle.deadline) == (State.DETACHED, 20.0)
    assert lifecycle.cue(Cue.OPENED, 3.0) is Act.REPLACE
    assert lifecycle.cue(Cue.STOPPED, 4.0, "caller_hung_up") is Act.END  # this one is the caller's own


def test_a_transfer_that_the_carrier_refused_leaves_the_caller_on_the_line() -> None:
    lifecycle = brought_to(State.TRANSFERRING)
    assert lifecycle.cue(Cue.BACK, 2.0) is Act.REPLACE
    assert lifecycle.state is State.CONNECTED


def test_a_transfer_that_nobody_reports_on_is_recalled() -> None:
    lifecycle = brought_to(State.TRANSFERRING)
    assert lifecycle.cue(Cue.STOPPED, 2.0) is Act.NONE
    assert lifecycle.cue(Cue.LATE, 11.0) is Act.RECALL
    assert lifecycle.state is State.DETACHED


def test_keys() -> None:
    assert len(DIGITS) == 16
    assert digit_text("#") == "[DTMF: #]"
