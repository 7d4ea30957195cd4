"""What tools did in a call, as turns of its transcript: ``lookup(order="A7") → {"status": "sent"}``.

The same for every engine: it sees only which run began and how it ended. A turn is written when its run is
over; built-in tools have entries of their own (a transfer, the end of the call).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from patter.bridge.commands import ToolRun
from patter.bridge.events import ToolDone
from patter.bridge.memory import Memory

MOST_VALUE_CHARACTERS = 80
MOST_RESULT_CHARACTERS = 300


class ToolTurns:
    """The runs of one call that are not over, and where their turns go."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._running: dict[str, tuple[str, int]] = {}

    def begun(self, run: ToolRun, at_ms: int) -> None:
        self._running[run.run_id] = (called(run.name, run.arguments), at_ms)

    def stopped(self, run_id: str) -> None:
        """Nobody is told what it came to."""
        self._running.pop(run_id, None)

    def done(self, event: ToolDone, at_ms: int) -> None:
        """Write the turn. A run that is not known, or is over, changes nothing."""
        if (run := self._running.pop(event.run_id, None)) is None:
            return
        text, began_ms = run
        self._memory.add_tool(f"{text} → {came_to(event)}", began_ms, at_ms)


def called(name: str, arguments: Mapping[str, Any]) -> str:
    """A call of a tool on one line; long values are cut."""
    told = ", ".join(f"{key}={_json(value, MOST_VALUE_CHARACTERS)}" for key, value in arguments.items())
    return f"{name}({told})"


def came_to(event: ToolDone) -> str:
    result = _json(event.result, MOST_RESULT_CHARACTERS)
    return result if event.ok else f"failed: {result}"


def _json(value: Any, most: int) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    return text if len(text) <= most else f"{text[: most - 1]}…"
