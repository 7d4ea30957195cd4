"""Starts what the model calls: its tools, and what is built in, if the call is ready for it. Pure."""

from __future__ import annotations

from typing import Any

from patter.bridge.commands import Note, ToolRun, ToolStop
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import ToolDone
from patter.engines.realtime import wire
from patter.engines.realtime.ledger import Ledger
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.reply import Reply
from patter.engines.realtime.tools import TOO_MANY, Run, as_json
from patter.engines.tool_rules import LEAVING, NO_OBJECT, PENDING, STOPPED, ToolRules
from patter.tools.builtin import END_CALL, TRANSFER_CALL

NOT_PUT_THROUGH = "The caller spoke before they were put through: the transfer did not begin."
NEWS = "The result of {name} is here now, see above. Tell the caller what they need to know of it."
"""The result itself is never in it: what a tool's server writes must not speak with the system's voice."""


class ToolDesk:
    """The tools of one call. A result that comes late is told the model as news."""

    def __init__(self, parts: Parts, line: SpeechLine, ledger: Ledger) -> None:
        self._rules = ToolRules(parts)
        self._line = line
        self._ledger = ledger
        self._late: dict[str, Run] = {}
        self._kept: list[tuple[Run, Any]] = []
        """Late results that came while no session was there."""
        self.has_news = False
        """A result came late, and nothing was asked of the model since."""

    def begin(self, reply: Reply, now: float) -> Outcome:
        """Carry out what one response called, or answer it at once."""
        runs, surplus = reply.tools.begin()
        out: Outcome = []
        for run in surplus:
            out += self._tell(run, TOO_MANY)
        for run in runs:
            out += self._start(reply, run, now)
        return out

    def longest_wait_s(self, reply: Reply) -> float:
        """How long the model waits for what is running."""
        return max((self._rules.wait_s(run.name) for run in reply.tools.running), default=0.0)

    def answered(self, reply: Reply | None, event: ToolDone, now: float) -> Outcome:
        """A result. What of it is late is news."""
        run = reply.tools.find(event.run_id) if reply is not None else None
        if run is not None and reply is not None:
            noted = self._note("tool.answered", reply.turn_id, run, now, ok=event.ok)
            return [noted, *self._tell(run, event.result)]
        late = self._late.pop(event.run_id, None)
        if late is None:
            return []
        self.has_news = True
        noted = self._rules.fact("tool.answered", now, run_id=event.run_id, ok=event.ok, late=True)
        if not self._line.ready:
            self._kept.append((late, event.result))
            return [noted]
        return [noted, *self._tell_late(late, event.result)]

    def tell_kept(self) -> Outcome:
        """A session is there again: it is told what came meanwhile."""
        kept, self._kept = self._kept, []
        return [command for run, result in kept for command in self._tell_late(run, result)]

    def _tell_late(self, run: Run, result: Any) -> Outcome:
        """The call itself was answered with ``pending``, so its result is that of a call of our own."""
        call_id = f"late_{run.run_id}".replace(".", "_")
        out: Outcome = []
        for item in (
            wire.tool_call_item(call_id, run.name, run.call.arguments or "{}"),
            wire.tool_result_item(call_id, as_json(result)),
            wire.text_item("system", NEWS.format(name=run.name)),
        ):
            out += self._line.say(item)
        return out

    def wait_no_more(self, reply: Reply) -> Outcome:
        """The model is told that results are pending; they may still come."""
        out: Outcome = []
        for run in reply.tools.running:
            out += self._pend(run)
        return out

    def close(self, reply: Reply) -> Outcome:
        """The reply is over. What changes something outside goes on, and its result comes late."""
        out: Outcome = []
        for run in reply.tools.running:
            if self._rules.outlives_reply(run.name):
                out += self._pend(run)
            else:
                out += [ToolStop(run.run_id), *self._tell(run, STOPPED)]
        return out

    def _start(self, reply: Reply, run: Run, now: float) -> Outcome:
        arguments = run.arguments()
        if run.name == END_CALL:
            return self._end_call(reply, run, now)
        if arguments is None:
            return self._tell(run, NO_OBJECT)
        if run.name == TRANSFER_CALL:
            return self._transfer(reply, run, now)
        called = self._note("tool.called", reply.turn_id, run, now)
        told = self._pend(run) if self._rules.wait_s(run.name) <= 0 else []
        return [called, ToolRun(run.run_id, run.name, arguments), *told]

    def _transfer(self, reply: Reply, run: Run, now: float) -> Outcome:
        """The call itself carries this one out. Whoever is transferred is not hung up on."""
        if refusal := self._rules.transfer_refusal(now, caller_waits=self._ledger.caller_waits):
            return self._refuse(reply, run, refusal, now)
        if reply.tools.transfer is not None:
            return self._tell(run, LEAVING)
        reply.tools.transfer, reply.tools.ends_call = run, False
        return [self._note("tool.called", reply.turn_id, run, now), *self._pend(run)]

    def forget_transfer(self, reply: Reply) -> Outcome:
        """The caller went on before they were put through."""
        run, reply.tools.transfer = reply.tools.transfer, None
        if run is None:
            return []
        self._late.pop(run.run_id, None)
        return [*self._line.say(wire.text_item("system", NOT_PUT_THROUGH))]

    def _end_call(self, reply: Reply, run: Run, now: float) -> Outcome:
        if reply.tools.transfer is not None:
            return self._tell(run, LEAVING)
        if refusal := self._rules.end_call_refusal(now, caller_waits=self._ledger.caller_waits):
            return self._refuse(reply, run, refusal, now)
        reply.tools.ends_call = True
        noted = self._rules.fact("tool.end_call", now, turn_id=reply.turn_id)
        return [noted, *self._tell(run, {"status": "ok"})]

    def _refuse(self, reply: Reply, run: Run, refusal: str, now: float) -> Outcome:
        noted = self._note("tool.refused", reply.turn_id, run, now, error=refusal)
        return [noted, *self._tell(run, {"error": refusal})]

    def _tell(self, run: Run, result: Any) -> Outcome:
        return [*self._line.say(run.answer(result))]

    def _pend(self, run: Run) -> Outcome:
        self._late[run.run_id] = run
        return self._tell(run, PENDING)

    def _note(self, kind: str, turn_id: str, run: Run, now: float, **more: object) -> Note:
        return self._rules.note(kind, now, turn_id, run.run_id, run.name, **more)
