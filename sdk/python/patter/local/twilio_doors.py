"""The doors for Twilio: webhooks and the media socket. Nothing is read before its signature is proven."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from patter.bridge.events import MachineHeard
from patter.carriers.kinds import STREAM_KINDS
from patter.carriers.twilio import markup
from patter.carriers.twilio.signature import HEADER, SETTINGS_HEADER, verify, verify_upgrade
from patter.local.calls import LocalCall, LocalCalls
from patter.local.forms import Fields, field_of, read_form
from patter.local.media_door import MediaDoor
from patter.local.plan import MOST_PARAM_CHARS

if TYPE_CHECKING:
    from patter.local.twilio import TwilioCarrier

logger = logging.getLogger("patter")

ENDS = {"busy": "busy", "no-answer": "no_answer", "failed": "failed", "canceled": "no_answer"}
"""CallStatus of a call that was never answered, and our end reason."""
MOVES = {"initiated": "dialling", "ringing": "ringing", "in-progress": "answered", "answered": "answered"}
DECLINED_SIP = frozenset({"603", "607", "608"})
SIP_HEADER = "SipHeader_"
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
        else:
            params = custom_params(request, fields)
            call = self._calls.arrived(sid, field_of(fields, "From"), field_of(fields, "To"), params)
            if call is None:
                return _document(markup.reject("busy"))
        return self._connect(call, sid)

    async def _resume(self, request: Request, fields: Fields) -> Response:
        """The media stream ended, and the call did not: what comes next?"""
        call, stream = self._call(request, fields), request.query_params.get("stream", "")
        ended = int(stream) if stream.isdecimal() else 0
        if call is None or ended < call.tokens.used:
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
        call, word = self._call(request, fields), field_of(fields, "AnsweredBy")
        if call is not None:
            call.feed(MachineHeard(machine_result(word), word.startswith("machine_end"), word))
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


def machine_result(answered_by: str) -> str:
    """``human``, ``machine`` or ``unknown``."""
    if answered_by == "human":
        return "human"
    return "machine" if answered_by.startswith("machine") or answered_by == "fax" else "unknown"


def custom_params(request: Request, fields: Fields) -> dict[str, str]:
    """Extra keys of the voice address and SIP headers ``X-…``.

    What is too long is left out: refusing the call for it would be worse.
    """
    given = {name: value for name, value in request.query_params.items() if name != "call"}
    for name, value in fields:
        header_name = name.removeprefix(SIP_HEADER)
        if header_name != name and header_name.lower().startswith("x-"):
            given[header_name] = value
    return {name: value for name, value in given.items() if len(name) + len(value) < MOST_PARAM_CHARS}


def _document(text: str) -> Response:
    return Response(text, media_type="text/xml")


def _done() -> Response:
    return Response(status_code=204)
