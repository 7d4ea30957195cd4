"""A long call among others: is its recording where the carrier's clock says?"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any

from benchmarks.alignment import Alignment, alignment
from benchmarks.processes import BenchFailed

CALLS = 25
"""At once: the load under which one of them is looked at."""
READY_WITHIN_S = 120.0
ALIGNED_MS = 40


def recording_of(folder: Path, call_sid: str) -> bytes:
    """The file of a call that is over, as soon as a worker has joined it. Raises BenchFailed."""
    until = time.monotonic() + READY_WITHIN_S
    query = (
        "SELECT file FROM calls_recording JOIN calls_call ON calls_call.id = calls_recording.call_id "
        "WHERE calls_call.carrier_call_id = ? AND calls_recording.status = 'ready'"
    )
    while time.monotonic() < until:
        with contextlib.closing(sqlite3.connect(folder / "bench.sqlite3", timeout=30)) as database:
            row = database.execute(query, (call_sid,)).fetchone()
        if row is not None:
            return (folder / "storage" / row[0]).read_bytes()
        time.sleep(0.5)
    raise BenchFailed("The recording was not joined in time.")


def look_at(folder: Path, watched: dict[str, Any]) -> dict[str, Any]:
    """A row for the report."""
    wav = recording_of(folder, watched["call_sid"])
    found: Alignment = alignment(wav, watched["spoke_ms"], watched["played_ms"])
    return {
        "minutes": found.minutes,
        "calls": CALLS,
        "caller_turns": len(found.caller),
        "agent_turns": len(found.agent),
        "not_found": found.missing,
        "caller_late_ms": [min(found.caller, default=None), max(found.caller, default=None)],
        "agent_late_ms": [min(found.agent, default=None), max(found.agent, default=None)],
        "apart_ms": found.apart_ms,
        "aligned": found.apart_ms is not None and found.apart_ms <= ALIGNED_MS and not found.missing,
    }
