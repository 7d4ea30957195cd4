"""Timers of different calls wake the process together, and none of them too early."""

from patter.bridge.clock import TICK_S, next_tick


def test_calls_that_are_due_within_a_frame_wake_up_together():
    assert len({next_tick(50.0 + ms / 1000) for ms in range(1, 21)}) == 1


def test_nothing_wakes_up_before_it_is_due_nor_a_frame_late():
    for number in range(20_000):
        at = number * 0.00123
        assert at <= next_tick(at) < at + TICK_S + 1e-9
