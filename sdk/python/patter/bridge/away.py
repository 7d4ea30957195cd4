"""While the caller's line is used for something else: keys that the carrier presses, and transfers.

Either may end the media stream without ending the call. One call stays one call: what was said goes on
where it was, over the stream that opens next.
"""

from __future__ import annotations

from patter.bridge.commands import Note, SendDigits, TransferStart, TransferStop
from patter.bridge.engine import Engine, Outcome, Parts
from patter.bridge.events import DigitsAsked, DigitsFailed, DigitsSent, SayAsked, ToolDone, TransferMoved
from patter.bridge.lifecycle import REATTACH_WITHIN_S, Act, Cue, Lifecycle, State
from patter.bridge.records import Noted, TransferNoted
from patter.bridge.transfers import Transfer, Transfers, outcome_of

KEY_S = 0.3
PAUSES_S = {"w": 0.5, "W": 1.0}
MOST_DIGITS = 32
SENDABLE = frozenset("0123456789ABCD*#wW")


def digits_problem(digits: str) -> str | None:
    """What is wrong with keys that somebody wants to be pressed; None: nothing."""
    if not digits or len(digits) > MOST_DIGITS or not set(digits) <= SENDABLE:
        return f"Digits are 1 to {MOST_DIGITS} of 0-9 A-D * # and w (waits 0.5 s), W (waits 1 s)."
    return None


class Away:
    """Keys and transfers of one call."""

    def __init__(self, parts: Parts, lifecycle: Lifecycle, engine: Engine) -> None:
        self._parts = parts
        self._lifecycle = lifecycle
        self._engine = engine
        plan = parts.plan
        self._transfers = Transfers(plan.transfers, of_call=(plan.caller, plan.callee))
        self._keys_out = False

    # -- keys -------------------------------------------------------------------------------------

    def digits(self, event: DigitsAsked | DigitsSent | DigitsFailed, now: float) -> Outcome:
        match event:
            case DigitsSent():
                return []
            case DigitsFailed(error):
                self._keys_out = False
                return [self._note("digits.failed", now, error=error), *self._engine.line_replaced(now)]
        problem = digits_problem(event.digits)
        if self._lifecycle.state is not State.CONNECTED:
            problem = "Nobody is on the line."
        if problem is not None:
            return [self._note("digits.refused", now, reason=problem)]
        self._keys_out = True
        takes_s = sum(PAUSES_S.get(digit, KEY_S) for digit in event.digits)
        self._lifecycle.will_leave(now + takes_s + REATTACH_WITHIN_S)
        sent = self._note("digits.sent", now, count=sum(digit not in PAUSES_S for digit in event.digits))
        return [sent, SendDigits(event.digits)]

    def line_lost(self, now: float) -> Outcome:
        """The stream ended while keys are pressed: what is being said waits."""
        if not self._keys_out:
            return []
        self._parts.playback.hold(now)
        return self._engine.line_left(now, goes_on=True)

    # -- transfers --------------------------------------------------------------------------------

    def transfer(
        self, target: str, kind: str, summary: str, now: float, *, run_id: str, asked_by: str
    ) -> Outcome:
        """Begin one, or say why not."""
        begun: Transfer | str = "Nobody is on the line."
        if self._lifecycle.state is State.CONNECTED:
            begun = self._transfers.begin(target, kind, run_id)
        if isinstance(begun, str):
            refused = self._note("transfer.refused", now, reason=begun, asked_by=asked_by)
            told = self._engine.receive(ToolDone(run_id, {"error": begun}, ok=False), now) if run_id else []
            return [refused, *told]
        left = self._engine.line_left(now, goes_on=False)
        self._lifecycle.cue(Cue.TRANSFER, now, within_s=begun.within_s)
        self._parts.playback.hold(now)
        order = self._order(begun, summary)
        entry = TransferNoted(
            begun.transfer_id,
            "requested",
            self._parts.clock.ms(now),
            target=begun.target.name,
            number=begun.target.number,
            kind=begun.kind,
            summary=summary,
            asked_by=asked_by,
        )
        return [*left, Note(entry), order]

    def _order(self, transfer: Transfer, summary: str) -> TransferStart:
        plan = self._parts.plan
        inbound = plan.direction == "inbound" and plan.caller.startswith("+")
        # A cold transfer shows who calls; the call for a warm one is our own, and needs a number of ours.
        own = plan.callee if plan.direction == "inbound" else plan.caller
        return TransferStart(
            transfer.transfer_id,
            transfer.target.number,
            transfer.kind,
            summary,
            plan.caller if inbound and transfer.kind == "cold" else own,
            transfer.target.ring_s,
            plan.language,
        )

    def moved(self, event: TransferMoved, now: float) -> Outcome:
        """It came further. That both were joined is the call machine's: there the call ends for us."""
        transfer = self._transfers.current
        if transfer is None or transfer.transfer_id != event.transfer_id or transfer.failed:
            return []
        noted = [self._entry(event.transfer_id, event.state, now, event.reason)]
        if event.state != "failed":
            return [*noted]
        transfer.failed = event.reason or "failed"
        stops = (
            [] if event.returns else [TransferStop(event.transfer_id, recall=not self._lifecycle.has_line)]
        )
        if self._lifecycle.state is not State.TRANSFERRING:
            return [*noted, *self._tell(now)]
        act = self._lifecycle.cue(Cue.BACK, now)
        if act is not Act.REPLACE:
            return [*noted, *stops]
        # The carrier refused, and the stream was never left. It may still do so, where an answer got lost.
        self._lifecycle.will_leave(now + REATTACH_WITHIN_S)
        return [
            *noted,
            *self._parts.playback.release(now),
            *self._engine.line_replaced(now),
            *self._tell(now),
        ]

    def late(self) -> TransferMoved | None:
        """The time for an outcome is over. A carrier always brings back whom it could not put through.

        So a cold transfer of which no failure was told came about, whatever became of the word on it.
        A warm one waits for the human's consent, and nothing else joins it.
        """
        transfer = self._transfers.current
        if transfer is None or transfer.kind == "warm" or self._lifecycle.state is not State.TRANSFERRING:
            return None
        return TransferMoved(transfer.transfer_id, "joined")

    def recalled(self, now: float) -> Outcome:
        """Nobody told what became of it: the caller is fetched back."""
        transfer = self._transfers.current
        assert transfer is not None  # nobody else is fetched back
        transfer.failed = "failed"
        return [
            self._entry(transfer.transfer_id, "failed", now, "failed"),
            TransferStop(transfer.transfer_id),
        ]

    def line_back(self, now: float) -> Outcome:
        """A new stream opened. A transfer whose outcome is still to come is told when it comes."""
        self._keys_out = False
        transfer = self._transfers.current
        return self._tell(now) if transfer is not None and transfer.failed else []

    def _tell(self, now: float) -> Outcome:
        transfer = self._transfers.settle()
        assert transfer is not None
        if transfer.run_id:
            return self._engine.receive(ToolDone(transfer.run_id, outcome_of(transfer), ok=False), now)
        return self._engine.receive(SayAsked(self._parts.plan.phrases.transfer_failed), now)

    def give_up(self, now: float) -> Outcome:
        """The call ends. A human who is being called must not be left ringing."""
        transfer = self._transfers.settle()
        self._keys_out = False
        if transfer is None or transfer.failed:
            return []
        left = self._entry(transfer.transfer_id, "failed", now, "cancelled")
        return [left, TransferStop(transfer.transfer_id, recall=False)]

    def joined(self) -> None:
        """Both speak with each other: there is nothing left to be given up."""
        self._transfers.settle()

    def _entry(self, transfer_id: str, state: str, now: float, reason: str = "") -> Note:
        return Note(TransferNoted(transfer_id, state, self._parts.clock.ms(now), reason))

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
