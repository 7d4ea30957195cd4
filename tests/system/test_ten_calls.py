"""Ten calls at once, while the same process queries slowly and imports 100,000 rows."""

import asyncio
import json
import logging
import statistics

import pytest

from tests.system.steps import BOOK, HANG_UP, say
from tests.system.world import embedded

CALLS = 10
LATE_MS = 60
STEPS = [BOOK, say("tomorrow evening please"), say("around seven o'clock"), HANG_UP]
REPLIES = ["With pleasure. For which day?", "Tomorrow. At what time?", "At seven. For how many?"]


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100)[round(share * 100) - 1]


@pytest.mark.alone
@pytest.mark.timeout(500)
async def test_no_frame_is_late_under_load(tmp_path, record_property):
    switch, report = tmp_path / "load", tmp_path / "report.json"
    where = {"LOAD_FILE": str(switch), "LOAD_REPORT": str(report)}
    async with embedded(tmp_path, "tests.system.loaded_app:application", **where) as world:
        tenant = await world.tenant()
        first = await tenant.ring([{"hang_up_at_ms": 1500}])
        await first.ended()
        switch.touch()
        calls = [await tenant.ring(STEPS) for _ in range(CALLS)]
        await asyncio.gather(*(call.ended() for call in calls))
        switch.unlink()
        rows = [await tenant.settled((await tenant.found(call))["id"]) for call in calls]
        said = [await tenant.turns(row["id"]) for row in rows]
    measured = json.loads(report.read_text())
    lags = measured.pop("lags_ms")
    late = [(i, gap) for i, call in enumerate(calls) for gap in call.media.late_frames(LATE_MS)]
    breaks = [gap.gap_ms for call in calls for gap in call.media.underruns]
    latencies = [ms for call in calls for ms in call.latencies_ms]
    figures = {
        **measured,
        "loop_lag_p99_ms": percentile(lags, 0.99),
        "loop_lag_max_ms": max(lags),
        "carrier_clock_lag_max_ms": round(max(call.media.worst_clock_lag_ms for call in calls)),
        "breaks": len(breaks),
        "longest_break_ms": round(max(breaks, default=0)),
        "turns": len(latencies),
        "turn_latency_ms": [min(latencies), round(statistics.median(latencies)), max(latencies)],
        "marks": sum(call.media.counts["mark"] for call in calls),
        "marks_echoed": sum(call.media.counts["mark_echoed"] for call in calls),
    }
    (tmp_path / "figures.json").write_text(json.dumps(figures, indent=1))
    logging.getLogger(__name__).warning("%s", figures)
    record_property("figures", figures)
    assert late == []
    assert figures["loop_lag_p99_ms"] < LATE_MS
    for turns in said:
        assert [turn["text"] for turn in turns if turn["role"] == "assistant"][1:] == REPLIES
    assert figures["marks"] == figures["marks_echoed"]
    assert measured["inserted"] >= 100_000 and measured["queries"] >= 10
