"""What the vendor's agent wants done: a tool of the user's, a transfer, the end of the call. Pure."""

from __future__ import annotations

from patter.bridge.commands import Note
from patter.bridge.engine import Outcome
from patter.bridge.events import ToolDone
from patter.bridge.records import Noted
from patter.engines.convai.client_tools import HANDED_OVER, as_text
from patter.engines.convai.closing import Closing
from patter.engines.convai.rooms import Rooms
from patter.engines.convai.wire import ContextUpdate, ToolCall, ToolResult
from patter.tools.builtin import (
    END_CALL,
    TRANSFER_CALL,
    CallFacts,
    end_call_refusal,
    transfer_refusal,
)

ENDS_SOON = {"status": "the call ends after your goodbye"}


class ToolCalls:
    """Refuses what the model may not do now; everything else is run, and answered."""

    def __init__(self, rooms: Rooms, closing: Closing) -> None:
        self._rooms = rooms
        self._tools = rooms.tools
        self._closing = closing

    def call(self, call: ToolCall, now: float) -> Outcome:
        if refused := self._refusal(call, now):
            failed = ToolResult(call.tool_call_id, as_text({"error": refused}), is_error=True)
            return [self._note("tool.refused", now, tool=call.name), *self._answer([failed])]
        if call.name == END_CALL:
            ends = self._answer([ToolResult(call.tool_call_id, as_text(ENDS_SOON))])
            return [self._note("tool.end_call", now), *ends, *self._closing.by_agent(now)]
        out, results = self._tools.call(call, now)
        return out + self._answer(results)

    def _refusal(self, call: ToolCall, now: float) -> str | None:
        """Why the model may not do this now, as a sentence for it."""
        prompted = self._rooms.silence.prompted
        facts = CallFacts(self._rooms.parts.clock.ms(now), self._rooms.turns.any, prompted)
        if call.name == END_CALL:
            return end_call_refusal(facts)
        return transfer_refusal(facts) if call.name == TRANSFER_CALL else None

    def done(self, event: ToolDone, now: float) -> Outcome:
        """A tool has answered, or a transfer did not come about."""
        if event.run_id == HANDED_OVER:
            return self._closing.say(self._rooms.parts.plan.phrases.apology, "handler_lost", now)
        return self._answer(self._tools.done(event))

    def interrupted(self) -> Outcome:
        """The caller went on: they are not put through, unless nobody else is left."""
        if self._tools.handing_over:
            return self._tools.take_transfer()
        return self._answer(self._tools.forget_transfer())

    def late(self, now: float) -> Outcome:
        """Tools that took too long."""
        return self._answer(self._tools.handle_timer(now))

    def _answer(self, results: list[ToolResult] | list[ToolResult | ContextUpdate]) -> Outcome:
        return [command for result in results for command in self._rooms.line.send(result)]

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._rooms.parts.clock.ms(now), data))
