"""How a human's leg goes at Telnyx: its events carry a ``HumanState``."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from patter.bridge.events import TransferMoved
from patter.carriers.telnyx import asking
from patter.carriers.telnyx.commands import Command
from patter.carriers.telnyx.human_state import HumanState
from patter.carriers.telnyx.webhooks import CallEvent
from patter.carriers.telnyx.words import transfer_failure
from patter.errors import CarrierError
from patter.local.call import LocalCall
from patter.local.calls import LocalCalls
from patter.local.log_words import for_log

if TYPE_CHECKING:
    from patter.local.telnyx import TelnyxCarrier

logger = logging.getLogger("patter")

COMES = frozenset({"call.initiated", "call.answered"})

Handler = Callable[[LocalCall, str, CallEvent], Awaitable[None]]


class TelnyxTransfers:
    """The transfers of one account's calls."""

    def __init__(self, carrier: TelnyxCarrier, calls: LocalCalls) -> None:
        self._carrier = carrier
        self._calls = calls
        self._handlers: Mapping[str, Handler] = {
            "call.initiated": self._initiated,
            "call.answered": self._answered,
            "call.gather.ended": self._decided,
            asking.TRANSCRIPTION: self._decided,
            "call.bridged": self._bridged,
            "call.hangup": self._hung_up,
        }

    async def carry_out(self, event: CallEvent) -> None:
        """Safe to repeat, in any order. Raises CarrierError."""
        human = HumanState.parse(event.client_state)
        if human is None:
            return
        call_id, transfer_id = human.call_id, human.transfer_id
        if event.kind in COMES and self._is_for_nobody(event.kind, call_id, transfer_id):
            await self._carrier.hang_up(event.call_control_id)
            return
        call, handler = self._calls.found(call_id), self._handlers.get(event.kind)
        if call is not None and handler is not None and event.call_control_id != call.carrier_call_id:
            await handler(call, transfer_id, event)

    def _is_for_nobody(self, kind: str, call_id: str, transfer_id: str) -> bool:
        """The caller was quicker than the answer to our request to call a human: nobody knew their leg.

        A cold one is dropped by Telnyx itself, if not at once.
        """
        book = self._calls.transfers_of(call_id)
        if book is None or (book.kind_of(transfer_id) != "warm" and kind != "call.answered"):
            return False
        return book.is_given_up(transfer_id)

    async def _initiated(self, call: LocalCall, transfer_id: str, event: CallEvent) -> None:
        call.feed(TransferMoved(transfer_id, "dialling"))

    async def _answered(self, call: LocalCall, transfer_id: str, event: CallEvent) -> None:
        if call.transfers.kind_of(transfer_id) != "warm":
            call.feed(TransferMoved(transfer_id, "joined"))
            return
        call.feed(TransferMoved(transfer_id, "briefing"))
        language = call.plan.language
        by_key = not await self._hears(asking.listen(event, language))
        summary = call.transfers.summary_of(transfer_id)
        await self._carrier.send(asking.ask(event, summary, language, by_key=by_key))

    async def _hears(self, listen: Command) -> bool:
        """Where Telnyx cannot transcribe, there is the key."""
        try:
            return await self._carrier.send(listen)
        except CarrierError as error:
            logger.info("Telnyx does not transcribe this call: %s", for_log(error))
            return False

    async def _decided(self, call: LocalCall, transfer_id: str, event: CallEvent) -> None:
        """The human listened to the summary: a 1 or a yes takes the call."""
        takes = asking.takes_call(event)
        if call.transfers.kind_of(transfer_id) != "warm" or call.transfers.is_over(transfer_id):
            return
        if takes is False:
            call.feed(TransferMoved(transfer_id, "failed", "declined"))
            await self._carrier.hang_up(event.call_control_id)
        elif takes:
            for command in asking.quiet(call.carrier_call_id, event):
                with contextlib.suppress(CarrierError):  # it does not keep both from each other
                    await self._carrier.send(command)
            if await self._carrier.send(asking.join(call.carrier_call_id, event)):
                call.feed(TransferMoved(transfer_id, "joined"))

    async def _bridged(self, call: LocalCall, transfer_id: str, event: CallEvent) -> None:
        call.feed(TransferMoved(transfer_id, "joined"))

    async def _hung_up(self, call: LocalCall, transfer_id: str, event: CallEvent) -> None:
        is_cold = call.transfers.kind_of(transfer_id) == "cold"
        if is_cold and event.text("hangup_cause") == "normal_clearing":
            # Only who answered is cleared normally, whatever became of the word on the answer.
            call.feed(TransferMoved(transfer_id, "joined"))
            return
        # The caller's stream was never left: nobody has to bring them back.
        call.feed(TransferMoved(transfer_id, "failed", transfer_failure(event)))
