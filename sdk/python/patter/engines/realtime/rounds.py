"""The rounds of tools within one reply: begun by a response, over when every result is there. Pure."""

from __future__ import annotations

from patter.bridge.engine import Outcome
from patter.bridge.events import ToolDone
from patter.engines.pipeline.replies import HANDED_OVER
from patter.engines.realtime.failing import Failing
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.reply import Reply
from patter.engines.realtime.saying import Saying
from patter.engines.realtime.tool_desk import ToolDesk
from patter.engines.tool_rules import MOST_ROUNDS


class Rounds:
    """One response more is asked for after each round, never before its last result."""

    def __init__(self, floor: Floor, desk: ToolDesk, saying: Saying, failing: Failing) -> None:
        self._floor, self._desk = floor, desk
        self._saying, self._failing = saying, failing

    def begin(self, reply: Reply, now: float) -> Outcome:
        """A response that called tools is complete."""
        if reply.tools.count >= MOST_ROUNDS:
            return self._failing.failed(reply, "model", "too many tool rounds", now)
        out = self._desk.begin(reply, now)
        self._floor.waits.for_tools(self._desk.longest_wait_s(reply), now)
        if reply.tools.ends_call:
            reply.closing = True
            self._floor.end_reason = "agent_ended"
        return out if reply.tools.running else [*out, *self._over(reply, now)]

    def answered(self, event: ToolDone, now: float) -> Outcome:
        """A result, in time or late."""
        if event.run_id == HANDED_OVER:  # nobody took the caller
            return self._failing.apologise("handler_lost", now)
        reply = self._floor.current
        waited = reply is not None and bool(reply.tools.running)
        told = self._desk.answered(reply, event, now)
        if reply is None or not waited or reply.tools.running:
            return told
        return told + self._over(reply, now)

    def wait_no_more(self, reply: Reply, now: float) -> Outcome:
        """The model goes on without what is still running."""
        return [*self._desk.wait_no_more(reply), *self._over(reply, now)]

    def _over(self, reply: Reply, now: float) -> Outcome:
        """Every result is there: one response more, or the goodbye."""
        self._floor.waits.answer_complete()
        phrases = self._floor.plan.phrases
        leaves = reply.tools.ends_call or reply.tools.transfer is not None
        if not leaves:
            reply.wants_model = True
        elif not reply.script.full_text:
            reply.push(phrases.goodbye if reply.tools.ends_call else phrases.transfer)
            reply.finish()
        return self._saying.speak(now)
