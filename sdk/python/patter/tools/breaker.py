"""Stops a model that has lost its way: one tool, called again and again in one call. Pure.

Models have called one tool hundreds of times in minutes, and every call of it was carried out and paid.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

MOST_SAME = 3
"""Calls with the same arguments within ``SAME_WITHIN_S``."""
SAME_WITHIN_S = 60.0
MOST_OF_A_TOOL = 40
"""Calls of one tool in one phone call."""

RUNNING = "This very call of the tool is still running. Wait for its result; do not call it again."
SAME = (
    "The tool was just called with these arguments several times. Use the results that you have, or ask "
    "the caller for something else."
)
TOO_MANY = "This tool was called too often in this call, and is not called any more. Go on without it."


class Breaker:
    """The calls of all tools in one phone call."""

    def __init__(self) -> None:
        self._count: dict[str, int] = {}
        self._times: dict[str, deque[float]] = {}
        self._running: dict[str, str] = {}

    def begin(self, run_id: str, name: str, arguments: Mapping[str, Any], now: float) -> str | None:
        """A run is asked for. None: let it run, and tell ``end`` of its end; else why it must not."""
        same = _key(name, arguments)
        if same in self._running.values():
            return RUNNING
        if self._count.get(name, 0) >= MOST_OF_A_TOOL:
            return TOO_MANY
        times = self._times.setdefault(same, deque(maxlen=MOST_SAME))
        if len(times) == MOST_SAME and now - times[0] < SAME_WITHIN_S:
            return SAME
        times.append(now)
        self._count[name] = self._count.get(name, 0) + 1
        self._running[run_id] = same
        return None

    def end(self, run_id: str) -> None:
        """A run is over, whichever way."""
        self._running.pop(run_id, None)


def _key(name: str, arguments: Mapping[str, Any]) -> str:
    return f"{name}\0{json.dumps(arguments, sort_keys=True, default=str)}"
