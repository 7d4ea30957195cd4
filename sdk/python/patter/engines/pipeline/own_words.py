"""What the agent says unasked: the announcement, the first message, the idle question, the last words."""

from __future__ import annotations

from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import SayAsked
from patter.engines.pipeline.barge_in import BargeIn
from patter.engines.pipeline.caller_turns import CallerTurns
from patter.engines.pipeline.held import Held
from patter.engines.pipeline.idle import Idle
from patter.engines.pipeline.opening import Opening
from patter.engines.pipeline.replies import Replies
from patter.engines.pipeline.reply import Kind


class OwnWords:
    """Of one call. Knows when they are due, and lets ``replies`` say them."""

    def __init__(
        self,
        parts: Parts,
        opening: Opening,
        idle: Idle,
        held: Held,
        turns: CallerTurns,
        replies: Replies,
        barge_in: BargeIn,
    ) -> None:
        self._plan = parts.plan
        self._opening = opening
        self._idle = idle
        self._held = held
        self._turns = turns
        self._replies = replies
        self._barge_in = barge_in

    def say(self, text: str, now: float, kind: Kind = Kind.SYSTEM) -> Outcome:
        self._opening.without_first()
        self._barge_in.judge_anew(now)
        return self._replies.say(text, kind, now)

    def announce(self, now: float) -> Outcome:
        return self.say(self._plan.announcement, now, Kind.NOTICE)

    def greet(self, now: float) -> Outcome:
        """The first message, now."""
        return self.say(self._plan.first_message, now, Kind.FIRST)

    def greet_if_due(self, now: float, *, caller_speaks: bool) -> Outcome:
        return self.greet(now) if self._opening.due(now, caller_speaks=caller_speaks) else []

    def asked(self, event: SayAsked, now: float) -> Outcome:
        """Somebody outside the call wants the caller to hear this."""
        if self._held.unstoppable:
            return self._held.hold(event)
        self._held.hushed = False
        return [*self._barge_in.cut("say", now), *self.say(event.text, now)]

    def break_silence(self, now: float) -> Outcome:
        """The caller says nothing: they are greeted, asked whether they are there, or left."""
        if self._opening.take_greeting():
            return self.greet(now)
        if not self._idle.asks():
            return self.end_with(self._plan.phrases.goodbye, "idle", now)
        return self.say(self._plan.phrases.idle, now)

    def end_with(self, phrase: str, reason: str, now: float) -> Outcome:
        if self._replies.closing:
            return []  # the call ends already, and what is being said is heard in full
        self._opening.over()
        self._held.forget()
        self._turns.write_keys()
        cut = self._barge_in.cut("end", now)
        return cut + self._replies.say(phrase, Kind.SYSTEM, now, end_reason=reason)
