"""What can be done to a live call at its carrier, met for the hosted home.

A client is made for each request: it is needed once or twice a call.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from urllib.parse import urlencode

from calls.adapters.threads import open_in_thread
from calls.services.telnyx_calls import ask_for_stream
from calls.services.transfer import TransferNews, note_transfer
from calls.tasks import hang_up_lost_call
from calls.webhooks.hold import music_address
from patter.bridge.commands import TransferStart
from patter.bridge.ports import TransferControl
from patter.carriers.telnyx.control import TelnyxControl
from patter.carriers.twilio.control import TwilioControl
from patter.errors import CarrierError
from patter_site.common.jobs import LONGEST_COUNTDOWN_S, wake
from phone_numbers.carrier import CarrierAccess
from phone_numbers.models import Carrier

HANG_UP_S = 4.0
SAY_S = 2.0
NOTE_WITHIN_S = 1.0


class Reached(Protocol):
    """What must be known of a call to reach it at its carrier (``calls.assembly.Ready``)."""

    @property
    def carrier(self) -> CarrierAccess: ...

    @property
    def call_id(self) -> str: ...

    @property
    def doors_url(self) -> str: ...

    @property
    def own_number(self) -> str: ...

    @property
    def stream(self) -> int: ...


class CallControl:
    """One call at its carrier. Meets ``CarrierControl``; ``transfers`` is None where it has none.

    ``ready`` is that of the call's newest stream: our addresses name the stream that is left through them.
    """

    def __init__(self, ready: Reached) -> None:
        self.ready = ready
        self.transfers: TransferControl | None = None

    async def hang_up(self, carrier_call_id: str) -> None:
        carrier = self.ready.carrier
        if not carrier_call_id:
            raise CarrierError(carrier.carrier, "the call has no id at the carrier yet", permanent=True)
        async with carrier.rest(timeout_s=HANG_UP_S) as rest:
            await rest.hang_up(carrier_call_id)

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        async with self.ready.carrier.rest(timeout_s=SAY_S) as rest:
            await rest.say_and_hang_up(carrier_call_id, text, language)

    async def send_digits(self, carrier_call_id: str, digits: str) -> None:
        raise NotImplementedError

    async def start_recording(self, carrier_call_id: str) -> None:
        raise NotImplementedError


class NotedTransfers:
    """Meets ``TransferControl``: the row is there before the carrier's first word on the transfer.

    The call's log would write it too, a moment later; a human who answers at once would hear no summary.
    """

    def __init__(self, call_id: str, transfers: TransferControl) -> None:
        self._call_id = call_id
        self._transfers = transfers

    async def start(self, carrier_call_id: str, order: TransferStart) -> None:
        with contextlib.suppress(Exception):  # a database that is away must not cost the caller the transfer
            async with asyncio.timeout(NOTE_WITHIN_S):
                await open_in_thread(note_transfer, call_id=self._call_id, news=_requested(order))
        await self._transfers.start(carrier_call_id, order)

    async def stop(self, carrier_call_id: str, transfer_id: str, *, recall: bool) -> None:
        await self._transfers.stop(carrier_call_id, transfer_id, recall=recall)


def _requested(order: TransferStart) -> TransferNews:
    return TransferNews(
        order.transfer_id,
        "requested",
        number=order.number,
        kind=order.kind,
        summary=order.summary,
    )


class TwilioCallControl(CallControl):
    def __init__(self, ready: Reached) -> None:
        super().__init__(ready)
        self._twilio = TwilioControl(self._rest, self._door)
        self.transfers = NotedTransfers(ready.call_id, self._twilio)

    async def send_digits(self, carrier_call_id: str, digits: str) -> None:
        await self._twilio.send_digits(carrier_call_id, digits)

    async def start_recording(self, carrier_call_id: str) -> None:
        await self._twilio.start_recording(carrier_call_id)

    def _rest(self, timeout_s: float) -> AbstractAsyncContextManager[Any]:
        return self.ready.carrier.rest(timeout_s=timeout_s)

    def _door(self, door: str, **query: str) -> str:
        ready = self.ready
        if not ready.doors_url:
            raise CarrierError("twilio", "there is no address under which it could call back", permanent=True)
        known = {"call": ready.call_id, "stream": str(ready.stream)}
        return f"{ready.doors_url}{door}?{urlencode({**known, **query})}"


class TelnyxCallControl(CallControl):
    def __init__(self, ready: Reached) -> None:
        super().__init__(ready)
        account_url = ready.doors_url.rstrip("/")
        self._telnyx = TelnyxControl(
            self._rest,
            call_id=ready.call_id,
            own_number=ready.own_number,
            webhook_url=account_url,
            music_url=music_address(account_url),
            reopen=lambda: open_in_thread(ask_for_stream, ready.call_id),
            end_later=lambda within_s: open_in_thread(_end_later, ready.call_id, within_s),
        )
        self.transfers = NotedTransfers(ready.call_id, self._telnyx)

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        await self._telnyx.say_and_hang_up(carrier_call_id, text, language)

    async def send_digits(self, carrier_call_id: str, digits: str) -> None:
        await self._telnyx.send_digits(carrier_call_id, digits)

    async def start_recording(self, carrier_call_id: str) -> None:
        await self._telnyx.start_recording(carrier_call_id)

    def _rest(self, timeout_s: float) -> AbstractAsyncContextManager[Any]:
        return self.ready.carrier.rest(timeout_s=timeout_s)


def _end_later(call_id: str, within_s: float) -> None:
    """A text that takes longer than a task may wait is left to the sweep: hanging up would cut it."""
    if within_s <= LONGEST_COUNTDOWN_S:
        wake(hang_up_lost_call, call_id, in_s=within_s)


CONTROLS: Mapping[str, Callable[[Reached], CallControl]] = {
    Carrier.TWILIO.value: TwilioCallControl,
    Carrier.TELNYX.value: TelnyxCallControl,
}


def control_of(ready: Reached) -> CallControl:
    return CONTROLS[ready.carrier.carrier](ready)
