"""The sums of the report."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.figures import Row, Usage, make_row, percentile

RESULT = {
    "latencies_ms": [10.0, 20.0, 30.0],
    "barge_in_ms": {"quick": [40.0, 50.0], "balanced": [100.0]},
    "tick_late_ms": [0.0, 1.0],
    "expected": 4,
    "barge_ins_missed": 1,
    "late": 2,
    "missing": 1,
    "failed_calls": 0,
    "seconds": 30.0,
}


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 95, None),
        ([7], 95, 7),
        ([1, 2, 3], 50, 2),
        ([0, 10], 95, 9.5),
        ([3, 1, 2], 100, 3),
        ([3, 1, 2], 0, 1),
    ],
)
def test_percentiles_are_interpolated(values: list[float], percent: float, expected: float | None) -> None:
    assert percentile(values, percent) == expected


def row(**changes: object) -> Row:
    made = make_row(
        name=("pipeline", "model", "patter"),
        calls=10,
        result=RESULT,
        before=Usage(1.0, 100.0),
        after=Usage(3.0, 104.0),
        idle=Usage(0.5, 99.0),
        floor_cpu=0.2,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def test_a_row_adds_up() -> None:
    made = row()
    assert made.cpu_s_per_call_minute == pytest.approx(2.0 / 10 / 0.5)
    assert made.times_floor == pytest.approx(2.0)
    assert made.mb_per_call == pytest.approx(0.5)
    assert (made.answered, made.expected, made.barge_ins, made.barge_ins_missed) == (3, 4, 3, 1)
    assert made.barge_in_p95_ms == {"balanced": 100.0, "quick": 49.5}


@pytest.mark.parametrize(
    ("changes", "in_order"),
    [
        ({}, True),
        ({"late": 1}, False),
        ({"missing": 1}, False),
        ({"failed_calls": 1}, False),
        ({"answered": 3}, False),
        ({"p95_ms": 100.0}, False),
        ({"p95_ms": None}, False),
    ],
)
def test_calls_are_in_order_only_when_all_is_well(changes: dict[str, object], in_order: bool) -> None:
    whole = row(answered=4, late=0, missing=0)
    assert dataclasses.replace(whole, **changes).in_order is in_order  # type: ignore[arg-type]
