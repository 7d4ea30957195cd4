"""Percentiles, and the sums that make a row of the report. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


def percentile(values: Iterable[float], percent: float) -> float | None:
    """The value below which so many percent lie, interpolated; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tree of processes had used at one moment."""

    cpu_s: float
    rss_mb: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report. Times are milliseconds; ``None`` where nothing was measured."""

    mode: str
    reply_by: str
    system: str
    calls: int
    seconds: float
    expected: int
    answered: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    barge_in_p95_ms: dict[str, float | None] = field(default_factory=dict)
    barge_ins: int = 0
    barge_ins_missed: int = 0
    late: int = 0
    missing: int = 0
    failed_calls: int = 0
    cpu_s_per_call_minute: float | None = None
    times_floor: float | None = None
    mb_per_call: float | None = None
    reply_p50_ms: float | None = None
    reply_p95_ms: float | None = None
    """From the end of a turn to the first words of its answer: by a handler, the way over ``/ws/sdk``."""
    carrier_late_ms: float | None = None
    """How late the load itself was, p95: above some milliseconds the machine was not quiet."""

    @property
    def in_order(self) -> bool:
        """Every turn answered, none late, and quickly enough to talk."""
        whole = not (self.late or self.missing or self.failed_calls) and self.answered == self.expected
        return whole and self.p95_ms is not None and self.p95_ms < 100

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "in_order": self.in_order}


def make_row(
    *,
    name: tuple[str, str, str],
    calls: int,
    result: dict[str, Any],
    before: Usage,
    after: Usage,
    idle: Usage,
    floor_cpu: float | None = None,
    reply_ms: Sequence[float] = (),
) -> Row:
    """A row from what the carrier saw and what the processes used."""
    latencies: Sequence[float] = result["latencies_ms"]
    cpu = (after.cpu_s - before.cpu_s) / calls / (result["seconds"] / 60)
    mode, reply_by, system = name
    return Row(
        mode=mode,
        reply_by=reply_by,
        system=system,
        calls=calls,
        seconds=result["seconds"],
        expected=result["expected"],
        answered=len(latencies),
        p50_ms=percentile(latencies, 50),
        p95_ms=percentile(latencies, 95),
        p99_ms=percentile(latencies, 99),
        barge_in_p95_ms={
            preset: percentile(times, 95) for preset, times in sorted(result["barge_in_ms"].items())
        },
        barge_ins=sum(map(len, result["barge_in_ms"].values())),
        barge_ins_missed=result["barge_ins_missed"],
        late=result["late"],
        missing=result["missing"],
        failed_calls=result["failed_calls"],
        cpu_s_per_call_minute=cpu,
        times_floor=cpu / floor_cpu if floor_cpu else None,
        mb_per_call=(after.rss_mb - idle.rss_mb) / calls,
        reply_p50_ms=percentile(reply_ms, 50),
        reply_p95_ms=percentile(reply_ms, 95),
        carrier_late_ms=percentile(result["tick_late_ms"], 95),
    )
