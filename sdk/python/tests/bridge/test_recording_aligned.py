"""Half an hour on a bad line, through a busy process: both sides of the recording are in time."""

import pytest

from sdk.python.tests.bridge.busy_line import BusyLine

HALF_AN_HOUR_S = 1800


def lateness_ms(side: bytes, beginning: bytes, expected_ms: list[int]) -> list[float]:
    """How late each of these is in the recording; a negative one is early."""
    found = []
    for ms in expected_ms:
        start = max(0, ms - 500) * 8
        found.append(side.index(beginning * 8, start) / 8 - ms)
    return found


@pytest.mark.timeout(300)  # 3 s of work; a machine that measures coverage for ten takes longer
def test_half_an_hour_of_jitter_bursts_loss_and_naps_stays_within_40_ms() -> None:
    line = BusyLine()
    line.carry(HALF_AN_HOUR_S)
    caller = b"".join(piece.caller for piece in line.pieces)
    agent = b"".join(piece.agent for piece in line.pieces)
    assert len(caller) == len(agent) >= HALF_AN_HOUR_S * 8000 - 320
    heard = lateness_ms(caller, b"\x7d", line.beats_ms)
    said = lateness_ms(agent, b"A", line.replies_ms)
    assert len(heard) == 360 and len(said) > 200
    assert (min(heard), max(heard)) == (0, 0)  # frames lie where the carrier says
    assert -25 <= min(said) <= max(said) <= 25


def test_a_process_that_is_always_late_is_told_the_time_by_frames() -> None:
    line = BusyLine(late_s=0.06)
    line.carry(600)
    agent = b"".join(piece.agent for piece in line.pieces)
    said = lateness_ms(agent, b"A", line.replies_ms)
    assert -30 <= min(said) <= max(said) <= 30


def test_on_a_line_that_is_never_late_nothing_is() -> None:
    line = BusyLine(loss=0, late_s=0)
    line.carry(120)
    agent = b"".join(piece.agent for piece in line.pieces)
    assert max(map(abs, lateness_ms(agent, b"A", line.replies_ms))) <= 2
