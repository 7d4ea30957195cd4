"""Starts what a model calls within a reply: its tools, and what is built in, if the call is ready for it."""

from __future__ import annotations

from collections.abc import Sequence

from patter.bridge.commands import Note, ToolRun, ToolStop
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import ToolDone
from patter.bridge.plan import ToolTraits
from patter.bridge.records import Noted
from patter.engines.pipeline.reply import Reply
from patter.engines.pipeline.tool_memory import ToolMemory
from patter.engines.pipeline.tool_rounds import Run
from patter.tools.builtin import (
    END_CALL,
    TRANSFER_CALL,
    CallFacts,
    end_call_refusal,
    transfer_refusal,
)

LEAVING = {"error": "The caller is being transferred."}
NO_OBJECT = {"error": "The arguments are not a JSON object. Call the tool again with one."}


class ToolDesk:
    """The tools of one call, as its engine handles them."""

    def __init__(self, parts: Parts, memory: ToolMemory) -> None:
        self._parts = parts
        self._memory = memory

    def start(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Carry out one call of a tool, or answer it at once."""
        if run.name == END_CALL:
            return self._end_call(reply, run, now)
        if run.arguments is None:
            reply.tools.result(run.run_id, NO_OBJECT)
            return []
        if run.name == TRANSFER_CALL:
            return self._transfer(reply, run, now)
        if self._traits(run.name).wait_s <= 0:
            reply.tools.wait_no_more(run.run_id)
        called = self._note("tool.called", reply, run.run_id, run.name, now)
        return [called, ToolRun(run.run_id, run.name, run.arguments)]

    def longest_wait_s(self, runs: Sequence[Run]) -> float:
        """How long the model waits for a round."""
        return max(self._traits(run.name).wait_s for run in runs)

    def note_answer(self, reply: Reply, event: ToolDone, now: float) -> Note:
        name = reply.tools.name_of(event.run_id)
        return self._note("tool.answered", reply, event.run_id, name, now, ok=event.ok)

    def take_late(self, event: ToolDone, now: float) -> Outcome:
        """The result of a run that the model was told is pending. Empty: of one that nobody waits for."""
        if not self._memory.take_late(event.run_id, event.result):
            return []
        told = {"run_id": event.run_id, "ok": event.ok, "late": True}
        return [Note(Noted("tool.answered", self._parts.clock.ms(now), told))]

    def close(self, reply: Reply) -> Outcome:
        """The reply is over. What changes something outside goes on, and its result comes late."""
        names = {run_id: reply.tools.name_of(run_id) for run_id in reply.tools.running}
        goes_on = {run_id: self._outlives_reply(name) for run_id, name in names.items()}
        return [ToolStop(run_id) for run_id in reply.tools.leave(goes_on)]

    def silent(self, reply: Reply, now: float) -> bool:
        """The caller hears nothing, and nothing is on its way."""
        playback = self._parts.playback
        return reply.speech.idle and playback.heard_ms(now) >= playback.sent_ms

    def _outlives_reply(self, name: str) -> bool:
        traits = self._traits(name)
        return traits.effects or traits.background

    def _traits(self, name: str) -> ToolTraits:
        return self._parts.plan.tool_traits.get(name, ToolTraits())

    def _end_call(self, reply: Reply, run: Run, now: float) -> Outcome:
        if reply.tools.transfer is not None:
            reply.tools.result(run.run_id, LEAVING)
            return []
        refusal = end_call_refusal(self._facts(now))
        if refusal is None:
            reply.tools.ends_call = True
            reply.tools.result(run.run_id, {"status": "ok"})
            return [Note(Noted("tool.end_call", self._parts.clock.ms(now), {"turn_id": reply.turn_id}))]
        reply.tools.result(run.run_id, {"error": refusal})
        return [self._note("tool.refused", reply, run.run_id, run.name, now, error=refusal)]

    def _transfer(self, reply: Reply, run: Run, now: float) -> Outcome:
        if refusal := transfer_refusal(self._facts(now)):
            reply.tools.result(run.run_id, {"error": refusal})
            return [self._note("tool.refused", reply, run.run_id, run.name, now, error=refusal)]
        if reply.tools.transfer is not None:
            reply.tools.result(run.run_id, LEAVING)
            return []
        reply.tools.hold_transfer(run)
        return [self._note("tool.called", reply, run.run_id, run.name, now)]

    def _facts(self, now: float) -> CallFacts:
        spoke = any(turn.role == "user" for turn in self._parts.memory.turns)
        return CallFacts(self._parts.clock.ms(now), caller_spoke=spoke)

    def _note(self, kind: str, reply: Reply, run_id: str, name: str, now: float, **more: object) -> Note:
        told = {"turn_id": reply.turn_id, "run_id": run_id, "tool": name, **more}
        return Note(Noted(kind, self._parts.clock.ms(now), told))
