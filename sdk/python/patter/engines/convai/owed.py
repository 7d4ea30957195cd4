"""The caller's turn that somebody owes an answer to, and whose answer a reply therefore is. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from patter.bridge.memory import Turn
from patter.engines.convai.answering import OpenTurn
from patter.engines.convai.reply import AgentReply
from patter.engines.pipeline.reply import Kind


@dataclass(slots=True)
class _Waiting:
    turn: Turn
    since: float
    silence_ms: int


class Owed:
    """``until``: nothing is expected any more after it, and a silence is one."""

    def __init__(self, *, greeted: bool) -> None:
        self._waiting: _Waiting | None = None
        self.until: float | None = None
        self.greeted = greeted
        """The first message was begun, or is not wanted any more."""

    def greeting(self, until: float) -> None:
        self.until = until

    def answer(self, turn: Turn, since: float, silence_ms: int, until: float) -> None:
        """The caller spoke: ``silence_ms`` is how long they had been silent when that was known."""
        self._waiting = _Waiting(turn, since, silence_ms)
        self.until = until
        self.greeted = True

    def nothing(self) -> None:
        """Answered, or given up."""
        self._waiting = self.until = None
        self.greeted = True

    def whose(self, open_turn: OpenTurn | None) -> tuple[str, Kind]:
        """The turn that a reply answers, with an empty id where it answers none."""
        if open_turn is not None and not open_turn.stopped:
            return open_turn.turn_id, Kind.ANSWER
        if self._waiting is not None:
            return self._waiting.turn.turn_id, Kind.ANSWER
        return "", Kind.SYSTEM if self.greeted else Kind.FIRST

    def time(self, reply: AgentReply, open_turn: OpenTurn | None) -> None:
        """Give a reply the beginning of its turn's latency."""
        timing = reply.timing
        if open_turn is not None and open_turn.turn_id == reply.turn_id:
            timing.decided_at, timing.end_of_turn_ms = open_turn.decided_at, open_turn.end_of_turn_ms
            timing.first_text_at = open_turn.first_text_at
        elif self._waiting is not None and self._waiting.turn.turn_id == reply.turn_id:
            timing.decided_at, timing.end_of_turn_ms = self._waiting.since, self._waiting.silence_ms
