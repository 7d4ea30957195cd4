"""What the caller does while it cannot be answered: it waits, or a machine said it and nobody answers."""

from __future__ import annotations

from patter.bridge.engine import Outcome
from patter.bridge.events import DigitPressed, SayAsked
from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.opening import Opening
from patter.engines.pipeline.replies import Replies
from patter.engines.pipeline.reply import Kind
from patter.engines.pipeline.signals import UtteranceEnded

Waiting = UtteranceEnded | DigitPressed | SayAsked


class Held:
    """Of one call: what must be heard in full, and what came meanwhile."""

    def __init__(self, values: TurnTaking, opening: Opening, replies: Replies) -> None:
        self._first_is_cut = values.first_message_interruptible
        self._opening = opening
        self._replies = replies
        self._waiting: list[Waiting] = []
        self.hushed = False
        """A machine listens: whatever it says is not answered."""

    @property
    def unstoppable(self) -> bool:
        """An announcement that the caller must hear: whatever comes meanwhile has its turn after it."""
        if self._replies.closing:
            return True
        reply = self._replies.current
        if reply is not None and reply.kind is Kind.NOTICE:
            return True
        first = self._opening.first_at is not None or (reply is not None and reply.kind is Kind.FIRST)
        return first and not self._first_is_cut

    @property
    def due(self) -> bool:
        """Something waits, and nothing keeps it from its turn."""
        return bool(self._waiting) and not self.unstoppable

    def hold(self, event: Waiting) -> Outcome:
        self._waiting.append(event)
        return []

    def take(self) -> list[Waiting]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def take_utterances(self) -> list[UtteranceEnded]:
        """The call is over: what was said is written down, and the rest is forgotten."""
        return [event for event in self.take() if isinstance(event, UtteranceEnded)]

    def forget(self) -> None:
        """A machine listens, or the call ends."""
        self._waiting.clear()
