"""What holds for tools in every engine of ours: how long one is waited for, what outlives what. Pure."""

from __future__ import annotations

from patter.bridge.commands import Note
from patter.bridge.engine import Parts
from patter.bridge.plan import ToolTraits
from patter.bridge.records import Noted
from patter.tools.builtin import CallFacts, end_call_refusal, transfer_refusal

LEAVING = {"error": "The caller is being transferred."}
NO_OBJECT = {"error": "The arguments are not a JSON object. Call the tool again with one."}
PENDING = {"status": "pending"}
"""What the model is told of a tool that takes longer than the caller can wait."""
STOPPED = {"status": "stopped", "error": "The caller went on before there was a result."}
MOST_ROUNDS = 3
MOST_CALLS = 8
"""In one round. A model that has lost its way calls one tool hundreds of times."""


class ToolRules:
    """Those of one call."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def wait_s(self, name: str) -> float:
        """How long the model waits for its result; 0: it is told at once that it is pending."""
        return self._traits(name).wait_s

    def outlives_reply(self, name: str) -> bool:
        """What changes something outside goes on when the caller speaks over the reply."""
        traits = self._traits(name)
        return traits.effects or traits.background

    def end_call_refusal(self, now: float, *, caller_waits: bool = False) -> str | None:
        """Why the model may not end the call now, or None."""
        return end_call_refusal(self._facts(now, caller_waits))

    def transfer_refusal(self, now: float, *, caller_waits: bool = False) -> str | None:
        """Why the model may not transfer the call now, or None."""
        return transfer_refusal(self._facts(now, caller_waits))

    def note(self, kind: str, now: float, turn_id: str, run_id: str, name: str, **more: object) -> Note:
        """For the call's log: what became of one run."""
        return self.fact(kind, now, turn_id=turn_id, run_id=run_id, tool=name, **more)

    def fact(self, kind: str, now: float, **told: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), told))

    def _traits(self, name: str) -> ToolTraits:
        return self._parts.plan.tool_traits.get(name, ToolTraits())

    def _facts(self, now: float, caller_waits: bool) -> CallFacts:
        # What the caller said may wait for its words before it enters the call's memory.
        spoke = caller_waits or any(turn.role == "user" for turn in self._parts.memory.turns)
        return CallFacts(self._parts.clock.ms(now), caller_spoke=spoke)
