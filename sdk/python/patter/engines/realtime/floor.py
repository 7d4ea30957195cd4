"""Who has the agent's side of the call now: the reply that is made, or the one that the server will begin."""

from __future__ import annotations

from dataclasses import dataclass, replace

from patter.bridge.commands import Note
from patter.bridge.engine import Parts
from patter.bridge.records import Noted
from patter.engines.realtime.caller import SPEAKS_AT_MOST_S
from patter.engines.realtime.reply import Kind, Reply
from patter.engines.realtime.waits import Waits

EXPECTED_S = 3.0
"""A server that replies by itself begins to within this time; otherwise it is asked to."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The reply that the server will begin by itself, and to which turn."""

    turn_id: str
    end_of_turn_ms: int
    by: float


class Floor:
    """One reply at a time. Pure."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.plan = parts.plan
        self.waits = Waits(parts.plan)
        self.by_model = parts.plan.reply_by == "model"
        """Who replies in this call, until the agent's policy lets the model take over."""
        self.current: Reply | None = None
        self.expected: Expected | None = None
        self.end_reason = ""
        """Why the call ends when the current reply was heard, where it is the last one."""
        self.failures = 0
        """Answers that failed, running."""
        self._count = 0

    @property
    def closing(self) -> bool:
        """The goodbye is being said: nothing interrupts it."""
        return self.current is not None and self.current.closing

    def next_turn_id(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def begin(self, turn_id: str, kind: Kind, now: float) -> Reply:
        self.parts.playback.begin()
        self.current = Reply(turn_id, kind, self.parts.clock.ms(now), now)
        self.waits.clear()
        return self.current

    def leave(self) -> None:
        """The reply is over, and nothing is waited for."""
        self.current = None
        self.waits.clear()

    def reply_of(self, response_id: str) -> Reply | None:
        """The current reply, where this response belongs to it. What comes of any other is not heard."""
        reply = self.current
        return reply if reply is not None and response_id in reply.responses else None

    def expect(self, turn_id: str, end_of_turn_ms: int, now: float) -> None:
        """The server was told to reply by itself, and will begin soon."""
        self.expected = Expected(turn_id, end_of_turn_ms, now + EXPECTED_S)

    def postpone_expected(self, now: float) -> None:
        """The caller speaks again: the server may wait for them."""
        if self.expected is not None:
            self.expected = replace(self.expected, by=now + SPEAKS_AT_MOST_S)

    def note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self.parts.clock.ms(now), data))
