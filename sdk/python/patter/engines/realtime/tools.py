"""The tools that the model calls within one reply: what it asked for, what is running, what came back. Pure.

A round is the tool calls of one response. Its results go back as items of the conversation, and one
response is asked for when the last of them is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.engines.realtime import wire
from patter.engines.realtime.wire import ToolCalled
from patter.engines.tool_rules import MOST_CALLS

TOO_MANY = {"error": "Too many tools at once. Call this one again, if it is still needed."}


@dataclass(slots=True)
class Run:
    """One tool invocation. Its run id is ours; ``output`` is what the model was told, as JSON."""

    run_id: str
    call: ToolCalled
    output: str = ""

    @property
    def name(self) -> str:
        return self.call.name

    def arguments(self) -> Mapping[str, Any] | None:
        """None for what is no JSON object."""
        try:
            arguments = json.loads(self.call.arguments.strip() or "{}")
        except (ValueError, RecursionError):
            return None
        return arguments if isinstance(arguments, dict) else None

    def answer(self, result: Any) -> str:
        """Take the result; gives the item that tells the model."""
        self.output = as_json(result)
        return wire.tool_result_item(self.call.call_id, self.output)


class ToolRounds:
    """All rounds of one reply."""

    def __init__(self, turn_id: str) -> None:
        self._turn_id = turn_id
        self._called: list[ToolCalled] = []
        self._known: set[tuple[str, str]] = set()
        self.runs: list[Run] = []
        self.count = 0
        self.ends_call = False
        """The model may end the call: the other tools of that round run first."""
        self.transfer: Run | None = None
        """The caller is put through when this reply was heard."""

    @property
    def called(self) -> bool:
        """The response that is being made calls tools."""
        return bool(self._called)

    @property
    def running(self) -> list[Run]:
        """Runs whose result is missing."""
        return [run for run in self.runs if not run.output]

    def add(self, call: ToolCalled) -> None:
        """A response calls a tool, which it tells more than once."""
        named = (call.response_id, call.call_id)
        if named not in self._known:
            self._known.add(named)
            self._called.append(call)

    def forget_called(self) -> None:
        """The response did not come to its end: nothing of it is run."""
        self._called = []

    def begin(self) -> tuple[list[Run], list[Run]]:
        """A round is complete. Gives what is to be run, and what is too much."""
        called, self._called = self._called, []
        self.count += 1
        runs = [Run(f"{self._turn_id}r{self.count}.{at}", call) for at, call in enumerate(called)]
        self.runs += runs
        return runs[:MOST_CALLS], runs[MOST_CALLS:]

    def find(self, run_id: str) -> Run | None:
        """A run whose result is missing."""
        return next((run for run in self.runs if run.run_id == run_id and not run.output), None)

    def retold(self) -> list[str]:
        """Every round so far as items, for a session that knows nothing of them."""
        items = []
        for run in self.runs:
            items.append(wire.tool_call_item(run.call.call_id, run.name, run.call.arguments or "{}"))
            if run.output:
                items.append(wire.tool_result_item(run.call.call_id, run.output))
        return items


def as_json(result: Any) -> str:
    return json.dumps(result, ensure_ascii=False, default=str)
