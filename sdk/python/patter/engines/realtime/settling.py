"""Writing a reply down: what was heard of it, and how long the caller waited for it. Pure."""

from __future__ import annotations

from patter.bridge.engine import Outcome
from patter.engines.realtime import wire
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.ledger import Entry, Ledger
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.reply import Kind, Reply


class Settling:
    """Replies on their way to the ledger, and to a session that does not know what was read aloud."""

    def __init__(self, floor: Floor, line: SpeechLine, ledger: Ledger) -> None:
        self._floor = floor
        self._parts = floor.parts
        self._line = line
        self._ledger = ledger

    def note_sent(self, reply: Reply) -> None:
        """The moment at which the first frame of the reply left."""
        if reply.timing.first_sent_at is None:
            reply.timing.first_sent_at = self._parts.playback.first_sent_at

    def note_heard(self, reply: Reply, now: float) -> None:
        """Once something of it is heard, what the caller said before does not change any more."""
        if not reply.heard and self._parts.playback.heard_ms(now) > 0:
            reply.heard = True
            self.settle()

    def settle(self) -> None:
        """What the caller said before does not change any more."""
        self._ledger.settle()

    def reply(self, reply: Reply, text: str, heard_ms: int, *, interrupted: bool, now: float) -> Outcome:
        """``text`` was heard of it. Of an interrupted one the rest is kept too."""
        ended_ms = self._parts.clock.ms(now)
        if aside := reply.script.heard_aside(heard_ms):
            # A filler that was heard enters the transcript, not the history.
            self._ledger.add(Entry("system", reply.turn_id, aside, reply.started_ms, ended_ms))
        if not text:
            return []
        meant = max(reply.script.full_text, reply.given, key=len) if interrupted else text
        entry = Entry("assistant", reply.turn_id, text, reply.started_ms, ended_ms)
        entry.full_text, entry.interrupted = meant, interrupted
        entry.latency = reply.timing.as_row() if reply.kind is Kind.ANSWER else None
        self._ledger.add(entry)
        return self._told(reply, text)

    def _told(self, reply: Reply, heard: str) -> Outcome:
        """What is no part of the model's conversation, as what was read aloud: it is told of it."""
        if not (self._floor.by_model and reply.unknown):
            return []
        return [*self._line.say(wire.text_item("assistant", heard))]
