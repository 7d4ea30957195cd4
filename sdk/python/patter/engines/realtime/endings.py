"""How a reply ends: heard in full, cut, withdrawn, or dropped as if nothing of it had been said. Pure."""

from __future__ import annotations

from patter.bridge.commands import HandlerStop
from patter.bridge.engine import EndCall, Outcome, TransferCall
from patter.engines.realtime import wire
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.mouth import Mouth
from patter.engines.realtime.reply import Kind, Reply
from patter.engines.realtime.settling import Settling
from patter.engines.realtime.tool_desk import ToolDesk

FAILURES = ("provider_error", "handler_lost")
"""Ends for which the caller is owed an apology, if need be in the carrier's own voice."""


class Endings:
    """Each of these leaves the floor free."""

    def __init__(
        self, floor: Floor, mouth: Mouth, desk: ToolDesk, settling: Settling, line: SpeechLine
    ) -> None:
        self._floor, self._mouth, self._desk = floor, mouth, desk
        self._settling, self._line = settling, line
        self._playback = floor.parts.playback

    # -- to its end ---------------------------------------------------------------------------------

    def playback_moved(self, now: float) -> Outcome:
        """The carrier played something: the reply may have been heard to its end."""
        reply = self._floor.current
        if reply is None:
            self._playback.take_finished()
            return []
        self._settling.note_sent(reply)
        self._settling.note_heard(reply, now)
        return self.heard_in_full(reply, now) if self._playback.take_finished() else []

    def heard_in_full(self, reply: Reply, now: float) -> Outcome:
        self._floor.leave()
        heard_ms = self._playback.heard_ms(now)
        text = reply.script.full_text if heard_ms else ""
        out = self._settling.reply(reply, text, heard_ms, interrupted=False, now=now)
        out += _put_through(reply)
        return [*out, *self._end_call(heard_ms > 0)] if reply.closing else out

    def _end_call(self, heard: bool) -> Outcome:
        """The last reply is over; ``heard``: something of it was."""
        reason = self._floor.end_reason
        unheard = not heard and reason in FAILURES
        return [EndCall(reason, self._floor.plan.phrases.apology if unheard else "")]

    def say_nothing(self, reply: Reply, now: float) -> Outcome:
        """A deliberate silence: the caller's turn was answered, and does not go on."""
        self._floor.leave()
        self._playback.cut(now)
        self._settling.settle()
        return [EndCall("machine")] if reply.closing else []

    def withdrawn(self, now: float) -> Outcome:
        """The caller speaks on before anything was said: their turn goes on, too."""
        self._floor.leave()
        self._playback.cut(now)
        return []

    # -- before its end -----------------------------------------------------------------------------

    def cut(self, now: float, *, cancel: bool = True) -> Outcome:
        """End the reply here; what was heard is kept. ``cancel``: the server does not stop by itself."""
        reply = self._floor.current
        if reply is None:
            return []
        self._floor.leave()
        self._settling.note_sent(reply)
        heard_ms, commands = self._playback.cut(now)
        heard = reply.script.heard_text(heard_ms)
        cancel = cancel or not reply.by_model or reply.reading is not None
        out: Outcome = [*commands, *self._mouth.stop(now, cancel=cancel)]
        for item_id, ms in reply.unheard(heard_ms):
            out += self._line.say(wire.truncate(item_id, ms))
        out += self.stop_asking(reply, heard)
        return out + self._settling.reply(reply, heard, heard_ms, interrupted=True, now=now)

    def stop_asking(self, reply: Reply, heard: str) -> Outcome:
        """Whoever was asked for it learns that nobody waits, and how much of it was heard."""
        out: Outcome = []
        if reply.kind is Kind.ANSWER and not reply.by_model and not reply.failed:
            out.append(HandlerStop(reply.turn_id, heard))  # also after it finished
        reply.asking = False
        return out + self._desk.close(reply) + self._desk.forget_transfer(reply)

    def drop(self, now: float) -> Outcome:
        """End the reply here as if nothing of it had been said: a machine heard it."""
        reply, self._floor.expected = self._floor.current, None
        if reply is None:
            return []
        self._floor.leave()
        _, commands = self._playback.cut(now)
        out: Outcome = [*commands, *self._mouth.stop(now, cancel=True)]
        for item in reply.items.values():
            known = item.chunk is None and not item.lost
            out += self._line.say(wire.delete_item(item.item_id)) if known else []
        return out + self.stop_asking(reply, "")


def _put_through(reply: Reply) -> Outcome:
    """The caller heard what the agent says before a transfer: now it begins."""
    run = reply.tools.transfer
    if run is None:
        return []
    arguments = run.arguments() or {}
    given = {name: str(arguments.get(name) or "") for name in ("target", "kind", "summary")}
    return [TransferCall(run.run_id, **given)]
