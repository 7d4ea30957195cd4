"""The report, as text for people and as JSON for comparison. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.figures import Row

HEADS = (
    "mode",
    "reply by",
    "system",
    "calls",
    "turns",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "words p50/p95 ms",
    "barge-in p95 ms",
    "late",
    "missing",
    "CPU s/call-min",
    "x floor",
    "MB/call",
    "load late ms",
)


def cells(row: Row) -> tuple[str, ...]:
    barge_in = " ".join(f"{preset} {number(ms, 0)}" for preset, ms in row.barge_in_p95_ms.items())
    if row.barge_ins_missed:
        barge_in += f" ({row.barge_ins_missed} missed)"
    return (
        row.mode,
        row.reply_by,
        row.system,
        str(row.calls) + (f" ({row.failed_calls} failed)" if row.failed_calls else ""),
        f"{row.answered}/{row.expected}",
        number(row.p50_ms),
        number(row.p95_ms),
        number(row.p99_ms),
        "-" if row.reply_p50_ms is None else f"{number(row.reply_p50_ms)}/{number(row.reply_p95_ms)}",
        barge_in or "-",
        str(row.late),
        str(row.missing),
        number(row.cpu_s_per_call_minute, 3),
        number(row.times_floor, 2),
        number(row.mb_per_call, 2),
        number(row.carrier_late_ms),
    )


def number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table that is also readable as it is."""
    rows = [tuple(heads), *map(tuple, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def pauses_table(pauses: Sequence[dict[str, Any]]) -> str:
    heads = ("preset", "line", "agent speech s", "false pauses", "per 5 min", "voice to clear ms")
    return table(
        heads,
        [
            (
                pause["preset"],
                pause["line"],
                number(pause["agent_speech_s"], 0),
                str(pause["false_pauses"]),
                number(pause["per_five_minutes"]),
                number(pause["voice_to_clear_ms"], 0),
            )
            for pause in pauses
        ],
    )


def recording_line(recording: dict[str, Any]) -> str:
    def between(ends: Sequence[float | None]) -> str:
        return f"{number(ends[0])} to {number(ends[1])} ms late"

    return (
        f"Recording of {recording['minutes']:.1f} minutes among {recording['calls']} calls: "
        f"caller {between(recording['caller_late_ms'])} ({recording['caller_turns']} turns), "
        f"agent {between(recording['agent_late_ms'])} ({recording['agent_turns']} turns), "
        f"sides at most {number(recording['apart_ms'])} ms apart, {recording['not_found']} not found. "
        f"Memory grew by {recording['mb_grown_per_call']:.2f} MB per call meanwhile"
    )


def text(report: dict[str, Any], rows: Sequence[Row]) -> str:
    """The whole report."""
    machine = report["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    parts = [
        f"{report['date']}   {report['command']}",
        f"{machine['cpu']}, {machine['cores']} cores; {machine['system']}; load before: "
        + " ".join(map(str, machine["load_before"])),
        f"Python {machine['python']}; {packages}; commit {machine['commit']}",
        f"shape: {report['shape']}; {report['placement']}",
        "",
        table(HEADS, map(cells, rows)),
    ]
    if report.get("false_pauses"):
        parts += ["", pauses_table(report["false_pauses"])]
    if recording := report.get("recording"):
        parts += ["", recording_line(recording)]
    if report.get("calls_per_core") is not None:
        parts += [
            "",
            f"Calls on one core in order (p95 < 100 ms, nothing late or missing): {report['calls_per_core']}",
        ]
    troubles = report.get("troubles") or []
    if troubles:
        parts += ["", "Troubles:", *(f"  {trouble}" for trouble in troubles[:20])]
    return "\n".join(parts)
