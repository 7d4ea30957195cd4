"""What the platform itself wrote down of its turns: how long the words of a reply were waited for."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

LAST = "SELECT COALESCE(MAX(id), 0) FROM calls_turn"
SINCE = "SELECT latency FROM calls_turn WHERE id > ? AND role = 'assistant' AND latency IS NOT NULL"


def reply_ms_since_now(folder: Path) -> Callable[[], list[float]]:
    """Gives, later, the stage ``reply_ms`` of each reply that was written meanwhile.

    From the end of a turn to the first words of its answer: where a handler answers that does not think, it
    is the way over ``/ws/sdk`` and back, in whole milliseconds. Empty where nothing is written down.
    """
    path = folder / "bench.sqlite3"
    last = int(_ask(path, LAST)[0][0]) if path.exists() else 0

    def since() -> list[float]:
        latencies = (json.loads(row[0]) for row in _ask(path, SINCE, last)) if path.exists() else ()
        return [float(latency["reply_ms"]) for latency in latencies if latency]

    return since


def _ask(path: Path, query: str, *values: int) -> list[tuple[str]]:
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as database:
        return database.execute(query, values).fetchall()
