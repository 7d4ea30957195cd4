"""Starts what a model calls within a reply: its tools, and what is built in, if the call is ready for it."""

from __future__ import annotations

from collections.abc import Sequence

from patter.bridge.commands import Note, ToolRun, ToolStop
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import ToolDone
from patter.engines.pipeline.reply import Reply
from patter.engines.pipeline.tool_memory import ToolMemory
from patter.engines.pipeline.tool_rounds import Run
from patter.engines.tool_rules import LEAVING, NO_OBJECT, ToolRules
from patter.tools.builtin import END_CALL, TRANSFER_CALL


class ToolDesk:
    """The tools of one call, as its engine handles them."""

    def __init__(self, parts: Parts, memory: ToolMemory) -> None:
        self._parts = parts
        self._memory = memory
        self._rules = ToolRules(parts)

    def start(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Carry out one call of a tool, or answer it at once."""
        if run.name == END_CALL:
            return self._end_call(reply, run, now)
        if run.arguments is None:
            reply.tools.result(run.run_id, NO_OBJECT)
            return []
        if run.name == TRANSFER_CALL:
            return self._transfer(reply, run, now)
        if self._rules.wait_s(run.name) <= 0:
            reply.tools.wait_no_more(run.run_id)
        called = self._rules.note("tool.called", now, reply.turn_id, run.run_id, run.name)
        return [called, ToolRun(run.run_id, run.name, run.arguments)]

    def longest_wait_s(self, runs: Sequence[Run]) -> float:
        """How long the model waits for a round."""
        return max(self._rules.wait_s(run.name) for run in runs)

    def note_answer(self, reply: Reply, event: ToolDone, now: float) -> Note:
        name = reply.tools.name_of(event.run_id)
        return self._rules.note("tool.answered", now, reply.turn_id, event.run_id, name, ok=event.ok)

    def take_late(self, event: ToolDone, now: float) -> Outcome:
        """The result of a run that the model was told is pending. Empty: of one that nobody waits for."""
        if not self._memory.take_late(event.run_id, event.result):
            return []
        return [self._rules.fact("tool.answered", now, run_id=event.run_id, ok=event.ok, late=True)]

    def close(self, reply: Reply) -> Outcome:
        """The reply is over. What changes something outside goes on, and its result comes late."""
        names = {run_id: reply.tools.name_of(run_id) for run_id in reply.tools.running}
        goes_on = {run_id: self._rules.outlives_reply(name) for run_id, name in names.items()}
        return [ToolStop(run_id) for run_id in reply.tools.leave(goes_on)]

    def silent(self, reply: Reply, now: float) -> bool:
        """The caller hears nothing, and nothing is on its way."""
        playback = self._parts.playback
        return reply.speech.idle and playback.heard_ms(now) >= playback.sent_ms

    def _end_call(self, reply: Reply, run: Run, now: float) -> Outcome:
        if reply.tools.transfer is not None:
            reply.tools.result(run.run_id, LEAVING)
            return []
        refusal = self._rules.end_call_refusal(now)
        if refusal is None:
            reply.tools.ends_call = True
            reply.tools.result(run.run_id, {"status": "ok"})
            return [self._rules.fact("tool.end_call", now, turn_id=reply.turn_id)]
        reply.tools.result(run.run_id, {"error": refusal})
        return [self._refused(reply, run, refusal, now)]

    def _transfer(self, reply: Reply, run: Run, now: float) -> Outcome:
        if reply.tools.transfer is not None:
            reply.tools.result(run.run_id, LEAVING)
            return []
        reply.tools.hold_transfer(run)
        return [self._rules.note("tool.called", now, reply.turn_id, run.run_id, run.name)]

    def _refused(self, reply: Reply, run: Run, refusal: str, now: float) -> Note:
        return self._rules.note("tool.refused", now, reply.turn_id, run.run_id, run.name, error=refusal)
