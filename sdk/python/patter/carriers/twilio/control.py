"""What can be done to a live call at Twilio: end it, press keys, connect it to a human.

Everything but a hang-up is a new document for the call, which ends its media stream. So every document
leads back: the address that follows gives the call a fresh stream, or ends it where it is over.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from patter.bridge.commands import TransferStart
from patter.carriers.twilio import markup
from patter.carriers.twilio.rest import OVER_CODES, TwilioRest
from patter.errors import CarrierError

OPEN_S = 4.0
SAY_WITHIN_S = 2.0
NO_ID = CarrierError("twilio", "the call has no id at the carrier yet", permanent=True)


class Doors(Protocol):
    """The addresses that Twilio is given for one call."""

    def __call__(self, door: str, **query: str) -> str:
        """The absolute address of a door (``resume``, ``whisper`` …) for this call and stream."""


Rest = Callable[[float], AbstractAsyncContextManager[TwilioRest]]
"""A client for one conversation, with its timeout in seconds."""


class TwilioControl:
    """One call. Meets ``CarrierControl`` and ``TransferControl``.

    Args:
        rest: makes a client; one for each request, for they are needed once or twice a call.
        doors: our addresses.
    """

    def __init__(self, rest: Rest, doors: Doors) -> None:
        self._rest = rest
        self._door = doors
        self._humans: dict[str, str] = {}

    # -- CarrierControl ---------------------------------------------------------------------------

    async def hang_up(self, carrier_call_id: str) -> None:
        if not carrier_call_id:
            raise NO_ID
        async with self._rest(OPEN_S) as rest:
            await rest.hang_up(carrier_call_id)

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        async with self._rest(SAY_WITHIN_S) as rest:
            await rest.say_and_hang_up(carrier_call_id, text, language)

    async def send_digits(self, carrier_call_id: str, digits: str) -> None:
        twiml = markup.play_digits(digits, self._door("resume"))
        await self._become(carrier_call_id, twiml)

    async def start_recording(self, carrier_call_id: str) -> None:
        async with self._rest(OPEN_S) as rest:
            await rest.start_recording(carrier_call_id, self._door("recording"))

    # -- TransferControl --------------------------------------------------------------------------

    async def start(self, carrier_call_id: str, order: TransferStart) -> None:
        about = {"transfer": order.transfer_id}
        action = self._door("transfer", **about)
        if order.kind != "warm":
            human = self._door("transfer", **about, leg="human")
            twiml = markup.dial(order.number, order.caller_id, action, order.ring_s, status_callback=human)
            await self._become(carrier_call_id, twiml)
            return
        await self._call_human(carrier_call_id, order)
        try:
            await self._become(carrier_call_id, markup.wait_in_room(room_of(carrier_call_id), action))
        except CarrierError:
            await self._end_human(order.transfer_id)
            raise

    async def stop(self, carrier_call_id: str, transfer_id: str, *, recall: bool) -> None:
        await self._end_human(transfer_id)
        if recall:
            await self._become(carrier_call_id, markup.redirect(self._door("resume")))

    # -- parts ------------------------------------------------------------------------------------

    async def _call_human(self, carrier_call_id: str, order: TransferStart) -> None:
        """Before the caller is made to wait: while the carrier may still refuse, nobody hears music."""
        about = {"transfer": order.transfer_id}
        async with self._rest(OPEN_S) as rest:
            human = await rest.create_call(
                to=order.number,
                from_=order.caller_id,
                url=self._door(
                    "whisper", **about, room=room_of(carrier_call_id), language=order.language or "en"
                ),
                status_callback=self._door("transfer", **about, leg="human", kind="warm"),
                timeout_s=order.ring_s,
            )
        self._humans[order.transfer_id] = human.sid

    async def _end_human(self, transfer_id: str) -> None:
        if sid := self._humans.get(transfer_id):
            async with self._rest(OPEN_S) as rest:
                await rest.hang_up(sid)
            self._humans.pop(transfer_id, None)  # not before: what failed is tried again

    async def _become(self, carrier_call_id: str, twiml: str) -> None:
        if not carrier_call_id:
            raise NO_ID
        async with self._rest(OPEN_S) as rest:
            try:
                await rest.update_twiml(carrier_call_id, twiml)
            except CarrierError as error:
                if error.code in OVER_CODES:  # the carrier's own word on the end is on its way
                    return
                raise


def room_of(carrier_call_id: str) -> str:
    """The name of the conference in which a caller waits for a human: one per call, unique in the account."""
    return f"patter-{carrier_call_id}"
