"""The tools that a model calls within one reply: what it asked for, what is running, what came back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.events import LlmToolCall
from patter.engines.tool_rules import MOST_CALLS, PENDING, STOPPED


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
        self._running: dict[str, str] = {}
        self._late: dict[str, str] = {}
        self.messages: list[dict[str, Any]] = []
        self.count = 0
        self.ends_call = False
        """The model may end the call: the other tools of that round run first."""
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

    def name_of(self, run_id: str) -> str:
        """The tool of a run that is running or late; empty for any other."""
        return self._running.get(run_id) or self._late.get(run_id, "")

    def add(self, call: LlmToolCall) -> None:
        if len(self._calls) < MOST_CALLS:
            self._calls.append(call)

    def forget_called(self) -> None:
        """The answer did not come to its end: nothing of it is run."""
        self._calls = []

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
        self._running = {run.run_id: run.name for run in runs}
        return runs

    def result(self, run_id: str, result: Any) -> bool:
        """Take the result of one that runs. True when it was the last that was missing."""
        del self._running[run_id]
        self._answer(run_id, result)
        return not self._running

    def wait_no_more(self, run_id: str) -> bool:
        """The model is told that a result is pending, which may still come. True when it was the last."""
        self._late[run_id] = self._running[run_id]
        return self.result(run_id, PENDING)

    def hold_transfer(self, run: Run) -> None:
        """The call itself carries this one out. Whoever is transferred is not hung up on."""
        self.wait_no_more(run.run_id)
        self.transfer, self.ends_call = run, False

    def forget_transfer(self) -> None:
        """The caller went on before they were put through."""
        if self.transfer is not None:
            self.take_late(self.transfer.run_id, STOPPED)
            self.transfer = None

    def take_late(self, run_id: str, result: Any) -> str | None:
        """A pending result came: it takes its place. Gives the tool's name."""
        name = self._late.pop(run_id, None)
        if name is None:
            return None
        for message in self.messages:
            if message.get("tool_call_id") == run_id:
                message["content"] = _content(result)
        return name

    def leave(self, goes_on: Mapping[str, bool]) -> tuple[str, ...]:
        """The reply is over. ``goes_on``: which runs are waited for nevertheless. Gives those to stop.

        What was said of the reply stands in the history from now on, so it is not told here too.
        """
        stopped = tuple(run_id for run_id in self._running if not goes_on.get(run_id))
        for run_id in self.running:
            if run_id in stopped:
                self.result(run_id, STOPPED)
            else:
                self.wait_no_more(run_id)
        for message in self.messages:
            if message["role"] == "assistant":
                message["content"] = None
        return stopped

    def _answer(self, run_id: str, result: Any) -> None:
        self.messages.append({"role": "tool", "tool_call_id": run_id, "content": _content(result)})


def _content(result: Any) -> str:
    return json.dumps(result, ensure_ascii=False, default=str)


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
