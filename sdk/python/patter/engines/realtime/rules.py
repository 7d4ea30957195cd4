"""What may happen now: whether we greet, are interrupted, wait, or let the server reply. Pure."""

from __future__ import annotations

from patter.bridge.keypad import Keys
from patter.bridge.plan import CallPlan
from patter.engines.realtime.caller import Caller
from patter.engines.realtime.floor import Floor
from patter.engines.realtime.greeting import Greeting
from patter.engines.realtime.ledger import Ledger
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.reply import Kind


class Rules:
    """Asked, never told what happened: all of it is seen in the others, but for where the caller is."""

    def __init__(
        self,
        plan: CallPlan,
        line: SpeechLine,
        floor: Floor,
        greeting: Greeting,
        caller: Caller,
        ledger: Ledger,
        keys: Keys,
    ) -> None:
        self._plan, self._line, self._floor, self._greeting = plan, line, floor, greeting
        self._caller, self._ledger, self._keys = caller, ledger, keys
        self.away = False
        """The caller's line is used for something else."""
        self.hushed = False
        """A machine listens: whatever it says is not answered."""

    @property
    def automatic(self) -> bool:
        """The server may reply and interrupt by itself: not while we have something to say first."""
        return self._floor.by_model and not (self.announces or self.greets or self.away or self.hushed)

    @property
    def announces(self) -> bool:
        """What must be heard before anything else is being said: that the call is recorded."""
        reply = self._floor.current
        return reply is not None and reply.kind is Kind.NOTICE

    @property
    def greets(self) -> bool:
        """The first message is due, or being said."""
        reply = self._floor.current
        return self._greeting.due or (reply is not None and reply.kind is Kind.FIRST)

    @property
    def unheard_greeting(self) -> bool:
        """The first message is due, or begun without a sound."""
        return self._greeting.due or (self.greets and not self._floor.parts.playback.sent_ms)

    @property
    def unstoppable(self) -> bool:
        """An announcement that the caller must hear: whatever comes meanwhile has its turn after it."""
        if self._floor.closing or self.announces:
            return True
        return self.greets and not self._plan.turn_taking.first_message_interruptible

    @property
    def interruptible(self) -> bool:
        """A voice stops what is being said."""
        reply = self._floor.current
        if reply is None or self.announces or reply.closing or not self._floor.parts.playback.sent_ms:
            return False
        return reply.kind is not Kind.FIRST or self._plan.turn_taking.first_message_interruptible

    @property
    def waits_for_caller(self) -> bool:
        """It is the caller's turn, and they say nothing."""
        floor = self._floor
        ours = floor.current is not None or self._greeting.due or floor.expected is not None
        theirs = self._caller.speaking or self._ledger.deaf or self._keys.pending
        return not (ours or theirs or self.away or self.hushed)

    @property
    def nobody_speaks(self) -> bool:
        """And nothing else is about to be said."""
        busy = self._caller.speaking or self._keys.pending or self._greeting.due
        return self._line.ready and not (busy or self.away or self.hushed)

    @property
    def may_renew(self) -> bool:
        """Another session would miss nothing: neither side speaks, and nothing of either is on its way."""
        return self.nobody_speaks and self.waits_for_caller and not self._caller.pending
