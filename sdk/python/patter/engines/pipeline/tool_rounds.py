"""The tools that a model calls within one reply: what it asked for, what is running, what came back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.events import LlmToolCall

MOST_ROUNDS = 3
MOST_CALLS = 8
"""In one round. A model that has lost its way calls one tool hundreds of times."""
END_CALL = "end_call"
TRANSFER_CALL = "transfer_call"
WAIT_S = 10.0
PENDING = {"status": "pending"}
"""What the model is told of a tool that takes longer than the caller can wait."""


@dataclass(frozen=True, slots=True)
class Run:
    """One tool invocation. Ids are ours: models repeat theirs. ``arguments`` is None for bad JSON."""

    run_id: str
    name: str
    arguments: Mapping[str, Any] | None


class ToolRounds:
    """All rounds of one reply."""

    def __init__(self, turn_id: str) -> None:
        self._turn_id = turn_id
        self._calls: list[LlmToolCall] = []
        self._running: list[str] = []
        self.messages: list[dict[str, Any]] = []
        self.count = 0
        self.ends_call = False
        """The model called ``end_call``: the other tools of that round run first."""
        self.transfer: Run | None = None
        """The model wants the caller transferred: the other tools run, and what it said is heard, first."""

    @property
    def called(self) -> bool:
        """The model called tools since the last round began."""
        return bool(self._calls)

    @property
    def running(self) -> tuple[str, ...]:
        """Runs whose result is missing."""
        return tuple(self._running)

    def add(self, call: LlmToolCall) -> None:
        if len(self._calls) < MOST_CALLS:
            self._calls.append(call)

    def begin(self, text: str) -> list[Run]:
        """A round is complete: it enters the messages together with its text. Gives what is to be run."""
        calls, self._calls = self._calls, []
        self.count += 1
        runs = [
            Run(f"{self._turn_id}r{self.count}.{index}", call.name, _arguments(call.arguments))
            for index, call in enumerate(calls)
        ]
        self.messages.append(
            {
                "role": "assistant",
                "content": text.strip() or None,
                "tool_calls": [_as_call(run) for run in runs],
            }
        )
        self.transfer = next((run for run in runs if _is_transfer(run)), None)
        self.ends_call = self.transfer is None and any(run.name == END_CALL for run in runs)
        for run in runs:
            if self.transfer is not None and run is not self.transfer and _leaves(run):
                self._answer(run.run_id, {"error": "The caller is being transferred."})
        runs = [run for run in runs if not _leaves(run)]
        self._running = [run.run_id for run in runs]
        return runs

    def result(self, run_id: str, result: Any) -> bool:
        """Take one result. True when it was the last that was missing."""
        if run_id not in self._running:
            return False
        self._running.remove(run_id)
        self._answer(run_id, result)
        return not self._running

    def transfer_failed(self, result: Any) -> None:
        """The caller came back. What was said before is in the history, and need not be told twice."""
        if self.transfer is None:
            return
        self._answer(self.transfer.run_id, result)
        self.transfer = None
        for message in self.messages:
            if message["role"] == "assistant":
                message["content"] = None

    def go_on_from(self, before: ToolRounds) -> None:
        """These rounds follow others of the same task, in a reply of their own."""
        self.messages, self.count = list(before.messages), before.count

    def _answer(self, run_id: str, result: Any) -> None:
        content = json.dumps(result, ensure_ascii=False, default=str)
        self.messages.append({"role": "tool", "tool_call_id": run_id, "content": content})

    def abandon(self) -> tuple[str, ...]:
        """Nobody waits any more. Gives the runs to stop."""
        running, self._running = self.running, []
        return running


def _is_transfer(run: Run) -> bool:
    return run.name == TRANSFER_CALL and run.arguments is not None


def _leaves(run: Run) -> bool:
    """Whether the call itself carries this out. A transfer with arguments that are no JSON is told so."""
    return run.name == END_CALL or _is_transfer(run)


def _arguments(text: str) -> Mapping[str, Any] | None:
    try:
        arguments = json.loads(text.strip() or "{}")
    except (ValueError, RecursionError):
        return None
    return arguments if isinstance(arguments, dict) else None


def _as_call(run: Run) -> dict[str, Any]:
    # Providers refuse a history whose arguments are no JSON; the result tells the model what was wrong.
    arguments = json.dumps(run.arguments or {}, ensure_ascii=False)
    return {"id": run.run_id, "type": "function", "function": {"name": run.name, "arguments": arguments}}
