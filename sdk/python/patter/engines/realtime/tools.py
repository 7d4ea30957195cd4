"""The tools that the model calls within one reply. Pure.

A round is the tool calls of one response. Its results go back as items, and one response is asked for
when the last of them is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.commands import ToolRun
from patter.bridge.engine import TransferCall
from patter.engines.pipeline.tool_rounds import END_CALL, MOST_CALLS, MOST_ROUNDS, PENDING, WAIT_S
from patter.engines.realtime import wire
from patter.engines.realtime.wire import ToolCalled

__all__ = ["MOST_ROUNDS", "PENDING", "WAIT_S", "Run", "ToolRounds"]

TRANSFER_CALL = "transfer_call"
NO_OBJECT = {"error": "The arguments are not a JSON object. Call the tool again with one."}
TOO_MANY = {"error": "Too many tools at once. Call this one again, if it is still needed."}
CUT_OFF = {"status": "interrupted", "note": "The caller spoke before this was done."}


@dataclass(slots=True)
class Run:
    """One tool invocation. Its run id is ours; ``output`` is what the model is told, as JSON."""

    run_id: str
    call: ToolCalled
    output: str = ""

    def begin(self) -> ToolRun | TransferCall | None:
        """What is to be done for it; None where its arguments are nonsense."""
        given = _arguments(self.call.arguments)
        if given is None:
            return None
        if self.call.name == TRANSFER_CALL:
            wanted = {name: str(given.get(name) or "") for name in ("target", "kind", "summary")}
            return TransferCall(self.run_id, **wanted)
        return ToolRun(self.run_id, self.call.name, given)


class ToolRounds:
    """All rounds of one reply."""

    def __init__(self, turn_id: str) -> None:
        self._turn_id = turn_id
        self._called: list[ToolCalled] = []
        self._runs: list[Run] = []
        self.count = 0
        self.ends_call = False
        """The model called ``end_call``: the other tools of that round run first."""

    @property
    def called(self) -> bool:
        """The response that is being made calls tools."""
        return bool(self._called)

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(run.run_id for run in self._runs if not run.output)

    def add(self, call: ToolCalled) -> None:
        self._called.append(call)

    def forget_called(self) -> None:
        """The response did not come to its end: nothing of it is run."""
        self._called = []

    def begin(self) -> list[Run]:
        """A round is complete. Gives what is to be run."""
        called, self._called = self._called, []
        self.count += 1
        self.ends_call = any(call.name == END_CALL for call in called)
        called = [call for call in called if call.name != END_CALL]
        runs = [Run(f"{self._turn_id}r{self.count}.{at}", call) for at, call in enumerate(called)]
        for run in runs[MOST_CALLS:]:
            run.output = _json(TOO_MANY)
        self._runs += runs
        return runs

    def result(self, run_id: str, result: Any) -> Run | None:
        """Take one result; None where nobody waits for it."""
        for run in self._runs:
            if run.run_id == run_id and not run.output:
                run.output = _json(result)
                return run
        return None

    def abandon(self) -> list[Run]:
        """Nobody waits any more. Gives the runs to stop; the model is told that they were cut off."""
        left = [run for run in self._runs if not run.output]
        for run in left:
            run.output = _json(CUT_OFF)
        return left

    def retold(self) -> list[str]:
        """Every round so far as items, for a session that knows nothing of them."""
        items = []
        for run in self._runs:
            items.append(wire.tool_call_item(run.call.call_id, run.call.name, run.call.arguments or "{}"))
            if run.output:
                items.append(wire.tool_result_item(run.call.call_id, run.output))
        return items


def _arguments(text: str) -> Mapping[str, Any] | None:
    try:
        arguments = json.loads(text.strip() or "{}")
    except (ValueError, RecursionError):
        return None
    return arguments if isinstance(arguments, dict) else None


def _json(result: Any) -> str:
    return json.dumps(result, ensure_ascii=False, default=str)
