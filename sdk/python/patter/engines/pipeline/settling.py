"""Writing a reply down: what was heard of it, by whom it was said, and how long the caller waited for it."""

from __future__ import annotations

from patter.bridge.commands import Note
from patter.bridge.engine import Outcome, Parts
from patter.engines.pipeline.reply import Kind, Reply


class Settling:
    """Turns that do not change any more, on their way to memory and log."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def turns(self) -> Outcome:
        """All turns so far do not change any more: part of the reply to the last one was heard."""
        return [Note(turn) for turn in self._parts.memory.take_settled()]

    def note_sent(self, reply: Reply) -> None:
        """The moment at which the first frame of the reply left."""
        sent_at = self._parts.playback.first_sent_at
        if reply.timing.first_sent_at is None and sent_at is not None:
            reply.timing.first_sent_at = sent_at

    def aside(self, reply: Reply, heard_ms: int, now: float) -> Outcome:
        """A filler that was heard enters the transcript, not the model's history."""
        said = reply.script.heard_aside(heard_ms)
        if not said:
            return []
        ended_ms = self._parts.clock.ms(now)
        self._parts.memory.add(reply.turn_id, "system", said, reply.started_ms, ended_ms)
        return self.turns()

    def reply(self, reply: Reply, text: str, interrupted: bool, now: float) -> Outcome:
        """``text`` was heard of it. Of an interrupted one the rest is kept too."""
        if not text:
            return []
        full = reply.text.strip() if interrupted else text
        self._parts.memory.add(
            reply.turn_id,
            "assistant",
            text,
            reply.started_ms,
            self._parts.clock.ms(now),
            full_text=full,
            interrupted=interrupted,
            latency=reply.timing.as_row() if reply.kind is Kind.ANSWER else None,
        )
        return self.turns()
