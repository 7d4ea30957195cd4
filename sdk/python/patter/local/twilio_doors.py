"""The doors for Twilio: webhooks and the media socket. Nothing is read before its signature is proven."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from patter.bridge.events import TransferMoved
from patter.carriers.briefing import briefing_of, is_accepted
from patter.carriers.kinds import STREAM_KINDS
from patter.carriers.twilio import markup
from patter.carriers.twilio.signature import HEADER, SETTINGS_HEADER, verify, verify_upgrade
from patter.carriers.twilio.words import (
    DECLINED_SIP,
    RECORDING_ENDS,
    TRANSFER_REASONS,
    TRANSFER_STATES,
    custom_params,
    transfer_failure,
    who_answered,
)
from patter.local.call import LocalCall
from patter.local.calls import LocalCalls
from patter.local.forms import Fields, field_of, read_form
from patter.local.media_door import MediaDoor

if TYPE_CHECKING:
    from patter.local.twilio import TwilioCarrier

logger = logging.getLogger("patter")

ENDS = {"busy": "busy", "no-answer": "no_answer", "failed": "failed", "canceled": "no_answer"}
"""CallStatus of a call that was never answered, and our end reason."""
MOVES = {"initiated": "dialling", "ringing": "ringing", "in-progress": "answered", "answered": "answered"}
FORBIDDEN = {"error": {"code": "signature_invalid", "message": "The signature does not match this address."}}

Door = Callable[[Request, Fields], Awaitable[Response]]


class TwilioDoors:
    """All doors of one account."""

    def __init__(self, carrier: TwilioCarrier, calls: LocalCalls) -> None:
        self._carrier = carrier
        self._calls = calls

    def routes(self) -> list[BaseRoute]:
        doors: dict[str, Door] = {
            "voice": self._voice,
            "resume": self._resume,
            "status": self._status,
            "stream-status": self._nothing,
            "amd": self._machine,
            "transfer": self._transfer,
            "whisper": self._whisper,
            "recording": self._recording,
        }
        media = MediaDoor(
            STREAM_KINDS["twilio"], self._calls, account_id=self._carrier.account_sid, genuine=self._genuine
        )
        posts = [
            Route(f"/webhooks/twilio/{name}", functools.partial(self._proven, door), methods=["POST"])
            for name, door in doors.items()
        ]
        return [*posts, WebSocketRoute("/media/twilio/{call_id}", media)]

    async def _proven(self, door: Door, request: Request) -> Response:
        fields = await read_form(request)
        url = self._carrier.addresses.called(request.scope["path"], request.scope["query_string"].decode())
        signature, settings = request.headers.get(HEADER, ""), request.headers.get(SETTINGS_HEADER, "")
        genuine = fields is not None and field_of(fields, "AccountSid") == self._carrier.account_sid
        if not genuine or not verify(self._carrier.auth_token, url, fields or (), signature, settings):
            logger.warning("A request with a wrong signature was refused")
            return JSONResponse(FORBIDDEN, 403)
        return await door(request, fields or [])

    def _genuine(self, path: str, signature: str) -> bool:
        return verify_upgrade(self._carrier.auth_token, self._carrier.addresses.upgraded(path), signature)

    # -- webhooks ---------------------------------------------------------------------------------

    async def _voice(self, request: Request, fields: Fields) -> Response:
        """A caller, or the callee of a call of ours, wants to know what to do."""
        sid = field_of(fields, "CallSid")
        if call_id := request.query_params.get("call"):
            call = self._calls.found(call_id)
            if call is not None and call.carrier_call_id in ("", sid):
                call.carrier_call_id = sid
                call.log.moved("answered")
        elif self._calls.is_past(sid):
            return _document(markup.hang_up())
        else:
            params = custom_params(request.query_params, fields)
            call = self._calls.arrived(sid, field_of(fields, "From"), field_of(fields, "To"), params)
            if call is None:
                return _document(markup.reject("busy"))
        return self._connect(call, sid)

    async def _resume(self, request: Request, fields: Fields) -> Response:
        """The media stream ended, and the call did not: what comes next?"""
        return self._again(request, fields, self._call(request, fields))

    def _again(self, request: Request, fields: Fields, call: LocalCall | None) -> Response:
        """A fresh stream, unless a newer one was opened than that which ended: an old request, repeated."""
        stream = request.query_params.get("stream", "")
        if call is None or (int(stream) if stream.isdecimal() else 0) < call.tokens.used:
            return _document(markup.hang_up())
        return self._connect(call, field_of(fields, "CallSid"))

    async def _status(self, request: Request, fields: Fields) -> Response:
        """The call moved on. Repeated, late and unordered reports are normal, and harmless."""
        call, word = self._call(request, fields), field_of(fields, "CallStatus")
        if call is None:
            return _done()
        if word in MOVES:
            call.log.moved(MOVES[word]) if call.session is None else None
        elif word == "completed":
            self._calls.carrier_ended(call, "caller_hung_up")
        elif word in ENDS:
            declined = field_of(fields, "SipResponseCode") in DECLINED_SIP
            self._calls.carrier_ended(call, "declined" if declined else ENDS[word])
        return _done()

    async def _machine(self, request: Request, fields: Fields) -> Response:
        """Whether a person or a machine answered. Markup in the response would be ignored."""
        call, heard = self._call(request, fields), who_answered(field_of(fields, "AnsweredBy"))
        if call is not None and heard is not None:
            call.feed(heard)
        return _done()

    # -- transfers --------------------------------------------------------------------------------

    async def _transfer(self, request: Request, fields: Fields) -> Response:
        """The human's leg moved on, or (without ``leg``) the caller's ``<Dial>`` is over: what comes next?"""
        call, transfer_id = self._transferring(request)
        if request.query_params.get("leg") == "human":
            if call is not None:
                self._human_moved(call, transfer_id, fields)
            return _done()
        word = field_of(fields, "DialCallStatus")
        if call is None or word in ("completed", "answered"):
            if call is not None:  # the answer may not have been reported on its own
                call.feed(TransferMoved(transfer_id, "joined"))
            return _document(markup.hang_up())
        reason = TRANSFER_REASONS.get(word, "failed")
        call.feed(TransferMoved(transfer_id, "failed", reason, returns=True))
        return self._again(request, fields, call)

    def _human_moved(self, call: LocalCall, transfer_id: str, fields: Fields) -> None:
        word, warm = field_of(fields, "CallStatus"), call.transfers.kind_of(transfer_id) == "warm"
        if word in TRANSFER_STATES:
            call.feed(TransferMoved(transfer_id, TRANSFER_STATES[word]))
        elif word in ("in-progress", "answered"):
            call.feed(TransferMoved(transfer_id, "briefing" if warm else "joined"))
        elif word == "completed" and not warm:
            # It was answered, whatever became of the word on that.
            call.feed(TransferMoved(transfer_id, "joined"))
        else:
            reason = transfer_failure(word, field_of(fields, "SipResponseCode"))
            # After a cold one the caller's own <Dial> ends by itself, and brings them back.
            call.feed(TransferMoved(transfer_id, "failed", reason, returns=not warm))

    async def _whisper(self, request: Request, fields: Fields) -> Response:
        """The human answered a warm transfer: what they hear, and whether they take the call."""
        call, transfer_id = self._transferring(request)
        query = request.query_params
        if call is None or call.transfers.is_over(transfer_id):
            return _document(markup.hang_up())
        room, language = query.get("room", ""), query.get("language", "en")
        if "answer" not in query:
            call.feed(TransferMoved(transfer_id, "briefing"))
            about = {"call": call.id, "transfer": transfer_id, "room": room, "answer": "1"}
            action = self._carrier.addresses.webhook("twilio", "whisper", **about)
            text = briefing_of(call.transfers.summary_of(transfer_id), language)[: markup.MAX_SAY_CHARS]
            return _document(markup.ask_to_accept(text, action, language))
        if not is_accepted(field_of(fields, "Digits"), field_of(fields, "SpeechResult")):
            call.feed(TransferMoved(transfer_id, "failed", "declined"))
            return _document(markup.hang_up())
        call.feed(TransferMoved(transfer_id, "joined"))
        return _document(markup.join_room(room))

    def _transferring(self, request: Request) -> tuple[LocalCall | None, str]:
        call = self._calls.found(request.query_params.get("call", ""))
        return call, request.query_params.get("transfer", "")

    async def _recording(self, request: Request, fields: Fields) -> Response:
        """The carrier's own recording of a call is there, or failed."""
        call_id, status = request.query_params.get("call", ""), field_of(fields, "RecordingStatus")
        if status not in RECORDING_ENDS:
            return _done()
        if status == "completed":
            self._calls.keep(self._calls.recordings.ready(call_id, field_of(fields, "RecordingSid")))
        else:
            self._calls.recordings.failed(call_id, f"twilio: the recording is {status}")
        return _done()

    async def _nothing(self, _request: Request, _fields: Fields) -> Response:
        return _done()

    def _call(self, request: Request, fields: Fields) -> LocalCall | None:
        call_id, sid = request.query_params.get("call", ""), field_of(fields, "CallSid")
        call = self._calls.found(call_id) if call_id else self._calls.of_carrier(sid)
        return call if call is not None and call.carrier_call_id in ("", sid) else None

    def _connect(self, call: LocalCall | None, sid: str) -> Response:
        """Connect the caller to the call's media socket, with a fresh one-time token."""
        if call is None or call.over or call.carrier_call_id != sid or call.tokens.exhausted:
            return _document(markup.hang_up())
        addresses, token = self._carrier.addresses, call.tokens.issue()
        return _document(
            markup.connect_stream(
                addresses.media("twilio", call.id),
                parameters={"token": token},
                status_callback=addresses.webhook("twilio", "stream-status", call=call.id),
                after=addresses.webhook("twilio", "resume", call=call.id, stream=call.tokens.issued),
            )
        )


def _document(text: str) -> Response:
    return Response(text, media_type="text/xml")


def _done() -> Response:
    return Response(status_code=204)
