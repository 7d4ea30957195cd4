"""What is read out of the platform's own log of turns."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from benchmarks.stages import reply_ms_since_now


def wrote(folder: Path, *turns: tuple[str, dict[str, int] | None]) -> None:
    with sqlite3.connect(folder / "bench.sqlite3") as database:
        database.execute("CREATE TABLE IF NOT EXISTS calls_turn (id INTEGER PRIMARY KEY, role, latency)")
        rows = [(role, latency and json.dumps(latency)) for role, latency in turns]
        database.executemany("INSERT INTO calls_turn (role, latency) VALUES (?, ?)", rows)
    database.close()


def test_only_replies_since_then_count(tmp_path: Path) -> None:
    wrote(tmp_path, ("assistant", {"reply_ms": 99}))
    since = reply_ms_since_now(tmp_path)
    wrote(
        tmp_path,
        ("user", None),
        ("assistant", {"reply_ms": 2}),
        ("assistant", None),
        ("assistant", {"reply_ms": 4}),
    )
    assert since() == [2.0, 4.0]


def test_a_floor_writes_nothing_down(tmp_path: Path) -> None:
    assert reply_ms_since_now(tmp_path)() == []
