"""The doors for Telnyx: one webhook for everything, and the media socket.

A webhook is proven, answered at once (Telnyx repeats what is not answered within 2 s), and worked off
beside it. Deliveries come twice and in any order: what was done already changes nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from patter.audio.hold import hold_music
from patter.carriers.kinds import STREAM_KINDS
from patter.carriers.telnyx.human_state import HumanState
from patter.carriers.telnyx.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from patter.carriers.telnyx.webhooks import CallEvent, NotAWebhook, read_webhook
from patter.carriers.telnyx.words import (
    GREETED,
    JUDGED,
    SCREENING,
    custom_params,
    end_reason,
    who_answered,
)
from patter.errors import CarrierError, PatterError
from patter.local.addresses import MUSIC_PATH
from patter.local.call import LocalCall
from patter.local.calls import LocalCalls
from patter.local.forms import read_body
from patter.local.log_words import for_log
from patter.local.media_door import MediaDoor
from patter.local.telnyx_transfers import TelnyxTransfers

if TYPE_CHECKING:
    from patter.local.telnyx import TelnyxCarrier

logger = logging.getLogger("patter")

FORBIDDEN = {"error": {"code": "signature_invalid", "message": "The signature does not match this body."}}

Handler = Callable[[CallEvent], Awaitable[None]]


class TelnyxDoors:
    """All doors of one account."""

    def __init__(self, carrier: TelnyxCarrier, calls: LocalCalls) -> None:
        self._carrier = carrier
        self._calls = calls
        self._transfers = TelnyxTransfers(carrier, calls)
        self._handlers: Mapping[str, Handler] = {
            "call.initiated": self._initiated,
            "call.answered": self._answered,
            "call.hangup": self._hung_up,
            **dict.fromkeys((*JUDGED, *GREETED, SCREENING), self._machine),
            "streaming.failed": self._stream_failed,
            "call.speak.ended": self._spoken,
            "call.recording.saved": self._recorded,
            "call.recording.error": self._not_recorded,
        }

    def routes(self) -> list[BaseRoute]:
        media = MediaDoor(STREAM_KINDS["telnyx"], self._calls)
        return [
            Route("/webhooks/telnyx", self._event, methods=["POST"]),
            Route(MUSIC_PATH, _music),
            WebSocketRoute("/media/telnyx/{call_id}", media),
        ]

    async def _event(self, request: Request) -> Response:
        body = await read_body(request)
        signature = request.headers.get(SIGNATURE_HEADER, "")
        timestamp = request.headers.get(TIMESTAMP_HEADER, "")
        proven = body is not None and verify(
            self._carrier.public_key, body, signature, timestamp, now_s=time.time()
        )
        try:
            event = read_webhook(body or b"") if proven else None
        except NotAWebhook:
            event = None
        if event is None:
            logger.warning("A request with a wrong signature was refused")
            return JSONResponse(FORBIDDEN, 403)
        self._calls.keep(self._carry_out(event))
        return Response(status_code=200)

    async def _carry_out(self, event: CallEvent) -> None:
        transfer = HumanState.parse(event.client_state) is not None
        handler = self._transfers.carry_out if transfer else self._handlers.get(event.kind)
        if handler is None:
            return
        try:
            await handler(event)
        except PatterError as error:
            call = self._call(event)
            logger.error("Telnyx could not be made to go on with a call: %s", for_log(error))
            if call is not None and not transfer:
                self._calls.carrier_ended(call, "carrier_error")

    def _call(self, event: CallEvent) -> LocalCall | None:
        """By our id in its state, else by the carrier's."""
        leg = event.call_control_id
        found = self._calls.found(event.call_id)
        if found is not None and (not leg or found.carrier_call_id in ("", leg)):
            found.carrier_call_id = found.carrier_call_id or leg
            return found
        return self._calls.of_carrier(leg)

    # -- events -----------------------------------------------------------------------------------

    async def _initiated(self, event: CallEvent) -> None:
        """Somebody calls, or a call of ours is under way. Only an incoming call that waits is answered."""
        if not event.is_incoming:
            if self._call(event) is None:
                await self._leave(event)
            return
        if event.state not in ("parked", "") or not event.call_control_id:
            return
        if self._calls.is_past(event.call_control_id):
            return
        params = custom_params(event.headers)
        call = self._calls.arrived(event.call_control_id, event.from_, event.to, params)
        if call is None:
            await self._carrier.reject(event.call_control_id)
        elif not call.over:
            await self._carrier.pick_up(call)

    async def _answered(self, event: CallEvent) -> None:
        """From here on there is somebody to talk to."""
        call = self._call(event)
        if call is None:
            await self._leave(event)
        elif not call.tokens.issued:
            call.log.moved("answered")
            await self._carrier.open_stream(call)

    async def _leave(self, event: CallEvent) -> None:
        """Hang up a call that we asked for and gave up, as Telnyx's answer was lost."""
        if self._calls.is_for_nobody(event.call_id):
            await self._carrier.hang_up(event.call_control_id)

    async def _hung_up(self, event: CallEvent) -> None:
        if (call := self._call(event)) is not None:
            self._calls.carrier_ended(call, end_reason(event))

    async def _machine(self, event: CallEvent) -> None:
        call, heard = self._call(event), who_answered(event)
        if call is not None and heard is not None:
            call.feed(heard)

    async def _stream_failed(self, event: CallEvent) -> None:
        """Telnyx could not open our socket: once more, until the tokens are spent."""
        call = self._call(event)
        if call is None or call.session is not None:
            return
        if call.tokens.exhausted:
            self._calls.carrier_ended(call, "carrier_error")
            await self._carrier.hang_up(event.call_control_id)
        else:
            await self._carrier.open_stream(call)

    async def _recorded(self, event: CallEvent) -> None:
        """Often minutes after the end, when the call is known no longer: its state still names it."""
        named = event.text("recording_id")
        try:
            recording_id = named or await self._carrier.recording_of(event)
        except CarrierError as error:
            self._calls.recordings.failed(event.call_id, str(error))
            return
        await self._calls.recordings.ready(event.call_id, recording_id)

    async def _not_recorded(self, event: CallEvent) -> None:
        reason = event.text("reason") or "without a reason"
        self._calls.recordings.failed(event.call_id, f"telnyx: the recording failed: {reason}")

    async def _spoken(self, event: CallEvent) -> None:
        """The last text in the carrier's own voice was said."""
        if event.says_goodbye:
            await self._carrier.last_words.said(event.call_control_id)


async def _music(_request: Request) -> Response:
    """For callers who wait, to be looped. The same for everybody, so it needs no proof."""
    return Response(hold_music(), media_type="audio/wav")
