"""The report as text."""

from __future__ import annotations

from benchmarks import machine, report
from benchmarks.figures import Row

ROW = Row(
    "pipeline", "model", "patter", 25, 30.0, 170, 170, 3.0, 9.0, 12.0, {"quick": 22.0, "balanced": None}
)


def test_a_row_shows_what_was_not_measured() -> None:
    cells = dict(zip(report.HEADS, report.cells(ROW), strict=True))
    assert (cells["turns"], cells["p95 ms"], cells["x floor"]) == ("170/170", "9.0", "-")
    assert cells["barge-in p95 ms"] == "quick 22 balanced -"


def test_a_table_is_as_wide_in_every_line() -> None:
    lines = report.table(("a", "bb"), [("ccc", "d"), ("", "")]).splitlines()
    assert lines[1] == "|-----|----|"
    assert len({len(line) for line in lines}) == 1


def test_the_report_names_machine_command_and_troubles() -> None:
    about = {
        "date": "2026-11-23",
        "command": "./dev bench",
        "machine": machine.describe(),
        "shape": "embedded",
        "placement": "somewhere",
        "calls_per_core": 150,
        "troubles": ["call 3: refused"],
        "false_pauses": [
            {
                "preset": "quick",
                "line": "noise",
                "agent_speech_s": 300.0,
                "false_pauses": 1,
                "per_five_minutes": 1.0,
                "voice_to_clear_ms": None,
            }
        ],
    }
    text = report.text(about, [ROW])
    for part in (
        "./dev bench",
        "Python 3",
        "websockets",
        "170/170",
        "in order",
        "150",
        "call 3: refused",
        "quick",
    ):
        assert part in text


def test_a_recording_is_told_in_one_line() -> None:
    found = {"minutes": 30.0, "calls": 25, "caller_turns": 9, "agent_turns": 8, "not_found": 0}
    late = {
        "caller_late_ms": [0.0, 1.0],
        "agent_late_ms": [None, None],
        "apart_ms": None,
        "mb_grown_per_call": 0.25,
    }
    line = report.recording_line({**found, **late})
    assert "caller 0.0 to 1.0 ms late (9 turns), agent - to - ms late" in line
    assert line.endswith("grew by 0.25 MB per call meanwhile")
