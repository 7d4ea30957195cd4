"""Status callbacks of one call: posted in order, next to the call and never in its way."""

from __future__ import annotations

import asyncio

from patter.simulators.carrier.mail import Sending, sending_of
from patter.simulators.twilio.call import Call
from patter.simulators.twilio.trouble import Trouble, TroubleError
from patter.simulators.twilio.webhooks import Fields, Webhooks, call_fields, rfc_2822_now

EVENT_OF_STATUS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}


class Postman:
    """Posts what is put in, one after the other."""

    def __init__(self, call: Call, webhooks: Webhooks) -> None:
        self._call = call
        self._webhooks = webhooks
        self._sequence = 0
        self._letters: asyncio.Queue[tuple[str, Fields] | None] = asyncio.Queue()
        self._held: tuple[str, Fields] | None = None
        self._aside: set[asyncio.Task[None]] = set()

    def status(self, status: str, extra: Fields = ()) -> None:
        """Tell a change of the call's status to whoever subscribed to it."""
        order = self._call.order
        event = EVENT_OF_STATUS.get(status, "completed")
        number, self._sequence = self._sequence, self._sequence + 1
        if not order.status_callback or event not in order.status_events or order.faults.no_status_callbacks:
            return
        fields = [
            *call_fields(self._call, status),
            ("Timestamp", rfc_2822_now(order.faults.clock_skew_s)),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(number)),
            *extra,
        ]
        self._put_status((order.status_callback, fields), is_last=event == "completed")

    def post(self, url: str, fields: Fields) -> None:
        self._letters.put_nowait((url, fields))

    def close(self) -> None:
        """Nothing more comes; ``run`` returns when everything is posted."""
        self._letters.put_nowait(None)

    async def run(self) -> None:
        faults = self._call.order.faults
        try:
            while (letter := await self._letters.get()) is not None:
                if faults.late_status_s:
                    await asyncio.sleep(faults.late_status_s)
                await self._send(*letter)
                if faults.duplicate_status_callbacks:
                    await self._deliver(*letter)
            await asyncio.gather(*self._aside)
        finally:
            for task in self._aside:
                task.cancel()

    async def _send(self, url: str, fields: Fields) -> None:
        """As often and as late as the call's faults say; what is late does not hold up the others."""
        call, (name, about) = self._call, what_it_tells(fields)
        sending = sending_of(name, call.order.faults)
        if not sending.copies:
            call.note("webhook_dropped", about=about)
        elif sending.delay_s:
            self._aside.add(asyncio.create_task(self._send_late(url, fields, sending)))
        else:
            await self._send_copies(url, fields, sending)

    async def _send_late(self, url: str, fields: Fields, sending: Sending) -> None:
        await asyncio.sleep(sending.delay_s)
        await self._send_copies(url, fields, sending)

    async def _send_copies(self, url: str, fields: Fields, sending: Sending) -> None:
        await asyncio.gather(*(self._deliver(url, fields) for _ in range(sending.copies)))

    def _put_status(self, letter: tuple[str, Fields], *, is_last: bool) -> None:
        if not self._call.order.faults.shuffled_status_callbacks:
            self._letters.put_nowait(letter)
            return
        # Always one is held back, so that the last one can overtake it.
        overtaken, self._held = self._held, letter
        if is_last:
            self._letters.put_nowait(letter)
        if overtaken is not None:
            self._letters.put_nowait(overtaken)

    async def _deliver(self, url: str, fields: Fields) -> None:
        call, (_, what) = self._call, what_it_tells(fields)
        try:
            answer = await self._webhooks.send(call.order.account.auth_token, url, fields)
        except TroubleError as error:
            call.trouble(error.trouble)
            return
        call.note("webhook", about=what, status=answer.status_code)
        if answer.status_code >= 400:
            call.trouble(Trouble(15003, f"a status callback was answered with {answer.status_code}"))


def what_it_tells(fields: Fields) -> tuple[str, str]:
    """The name of a webhook for ``Faults``, and the word for what it says."""
    told = dict(fields)
    if "RecordingStatus" in told:
        return "recording", told["RecordingStatus"]
    if "MachineDetectionDuration" in told:
        return "detection", told["AnsweredBy"]
    word = told.get("StreamEvent") or told["CallStatus"]
    return word, word
