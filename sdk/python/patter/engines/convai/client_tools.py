"""The tools that the vendor's agent calls at its client: run, answered, and given up in time. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from patter.bridge.commands import ToolRun, ToolStop
from patter.bridge.engine import Outcome, TransferCall
from patter.bridge.events import ToolDone
from patter.bridge.plan import ToolTraits
from patter.engines.convai.wire import ContextUpdate, ToolCall, ToolResult
from patter.tools.builtin import TRANSFER_CALL

MOST_RUNNING = 8
"""A model that has lost its way calls one tool hundreds of times."""
LONGEST_WAIT_S = 15.0
"""The vendor's agent waits for 20 s (``wanted_tools.py``)."""
PENDING = {"status": "pending"}
"""What the model is told of a tool that takes longer than the caller can wait."""
STOPPED = {"status": "stopped", "error": "The caller went on before they were put through."}
PUT_THROUGH_AFTER_S = 1.5
"""An agent that transfers without a word gets this long to begin one."""
HANDED_OVER = "handler_lost"
"""The run of a transfer that no model asked for: the handler is lost, and a human takes the caller."""
HANDED_OVER_AFTER_S = 4.0
"""The agent gets this long to begin to say so."""


class ClientTools:
    """Runs that were begun and not answered yet. Ids are ours: models repeat theirs."""

    def __init__(self, traits: Mapping[str, ToolTraits]) -> None:
        self._traits = traits
        self._count = 0
        self._running: dict[str, ToolCall] = {}
        self._late: dict[str, ToolCall] = {}
        self._due: dict[str, float] = {}
        self._transfer: TransferCall | None = None
        self.transfer_at: float | None = None
        """When the caller is put through, unless the agent begins to speak: that is heard first."""

    @property
    def running(self) -> bool:
        return bool(self._running)

    def call(self, call: ToolCall, now: float) -> tuple[Outcome, list[ToolResult]]:
        """What is to be run, and what can be answered at once."""
        if call.arguments is None:
            return [], [_failed(call, "The arguments are not a JSON object. Call the tool again with one.")]
        if len(self._running) >= MOST_RUNNING:
            return [], [_failed(call, "Too many tools are running. Wait for their results.")]
        self._count += 1
        run_id = f"tool{self._count}"
        self._running[run_id] = call
        if call.name == TRANSFER_CALL:  # somebody else's phone rings: that has its own deadlines
            self._transfer = _transfer(run_id, call.arguments)
            self.transfer_at = now + PUT_THROUGH_AFTER_S
            return [], []
        self._due[run_id] = now + min(self._traits_of(call).wait_s, LONGEST_WAIT_S)
        return [ToolRun(run_id, call.name, call.arguments)], []

    def _traits_of(self, call: ToolCall) -> ToolTraits:
        return self._traits.get(call.name, ToolTraits())

    def done(self, event: ToolDone) -> list[ToolResult | ContextUpdate]:
        """A tool answered. One that was pending is told as something that the agent should know."""
        self._due.pop(event.run_id, None)
        if (call := self._running.pop(event.run_id, None)) is not None:
            return [ToolResult(call.tool_call_id, as_text(event.result), is_error=not event.ok)]
        if (call := self._late.pop(event.run_id, None)) is not None:
            return [ContextUpdate(f"The tool {call.name} has answered: {as_text(event.result)}")]
        return []

    def hand_over(self, target: str, now: float) -> None:
        """Put the caller through once they heard of it."""
        self._transfer = TransferCall(HANDED_OVER, target)
        self.transfer_at = now + HANDED_OVER_AFTER_S

    @property
    def handing_over(self) -> bool:
        """The caller is put through whatever they say."""
        return self._transfer is not None and self._transfer.run_id == HANDED_OVER

    def take_transfer(self) -> Outcome:
        """What the agent said of it was heard: put the caller through."""
        transfer, self._transfer, self.transfer_at = self._transfer, None, None
        return [transfer] if transfer is not None else []

    def forget_transfer(self) -> list[ToolResult | ContextUpdate]:
        """The caller spoke over it."""
        transfer, self._transfer, self.transfer_at = self._transfer, None, None
        return self.done(ToolDone(transfer.run_id, STOPPED, ok=False)) if transfer is not None else []

    def line_lost(self) -> None:
        """The conversation that asked is gone. What runs goes on; another conversation is told of it."""
        self.forget_transfer()
        self._late |= self._running
        self._running.clear()
        self._due.clear()

    def stop(self) -> Outcome:
        """The call is over. Tools that outlive it go on."""
        self.line_lost()
        stopped = [run_id for run_id, call in self._late.items() if not self._traits_of(call).background]
        self._late.clear()
        return [ToolStop(run_id) for run_id in stopped]

    def next_timer(self) -> float | None:
        return min(self._due.values(), default=None)

    def handle_timer(self, now: float) -> list[ToolResult]:
        """Tools that took too long are pending, and the model goes on without them."""
        pending = []
        for run_id in [run_id for run_id, due in self._due.items() if due <= now]:
            del self._due[run_id]
            call = self._late[run_id] = self._running.pop(run_id)
            pending.append(ToolResult(call.tool_call_id, as_text(PENDING)))
        return pending


def as_text(result: Any) -> str:
    """A tool's result as the vendor takes it: always a text."""
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)


def _failed(call: ToolCall, sentence: str) -> ToolResult:
    return ToolResult(call.tool_call_id, as_text({"error": sentence}), is_error=True)


def _transfer(run_id: str, arguments: Any) -> TransferCall:
    def text(name: str) -> str:
        value = arguments.get(name)
        return value if isinstance(value, str) else ""

    return TransferCall(run_id, text("target"), "", text("summary"))
