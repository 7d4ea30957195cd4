"""The simulated REST interface, under ``/2010-04-01/Accounts/``."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from patter.simulators.carrier.rest_faults import answered, take, torn
from patter.simulators.twilio.call import Call, Source
from patter.simulators.twilio.params import (
    NUMBER,
    RECORD,
    UPDATE,
    CallRequest,
    Form,
    RefusalError,
    check_names,
    check_twiml,
    check_url,
    check_values,
    read_create,
)
from patter.simulators.twilio.recordings import Recording
from patter.simulators.twilio.rows import call_json, number_json, page_of, recording_json
from patter.simulators.twilio.world import Account, Number, World

ROOT = "/2010-04-01/Accounts/{account_sid}"

Door = Callable[[Request, Account], Awaitable[Response]]
REST_DOORS = ("account", "dial", "calls", "call", "command", "numbers", "number", "recording")
"""What a fault of the REST interface can be about."""


class Exchange(Protocol):
    """Who carries calls."""

    world: World
    calls: dict[str, Call]

    async def dial_out(self, account: Account, request: CallRequest) -> Call:
        """Begin a call that the application asked for."""


class RestApi:
    """Account, calls, numbers and recordings of the registered accounts."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._world = exchange.world

    def routes(self) -> list[Route]:
        doors: list[tuple[str, str, str, Door]] = [
            ("account", "GET", f"{ROOT}.json", self._account),
            ("dial", "POST", f"{ROOT}/Calls.json", self._create_call),
            ("calls", "GET", f"{ROOT}/Calls.json", self._list_calls),
            ("call", "GET", f"{ROOT}/Calls/{{sid}}.json", self._fetch_call),
            ("command", "POST", f"{ROOT}/Calls/{{sid}}.json", self._update_call),
            ("numbers", "GET", f"{ROOT}/IncomingPhoneNumbers.json", self._list_numbers),
            ("number", "GET", f"{ROOT}/IncomingPhoneNumbers/{{sid}}.json", self._fetch_number),
            ("number", "POST", f"{ROOT}/IncomingPhoneNumbers/{{sid}}.json", self._update_number),
            ("recording", "GET", f"{ROOT}/Calls/{{sid}}/Recordings.json", self._list_recordings),
            ("recording", "GET", f"{ROOT}/Recordings/{{sid}}.json", self._show_recording),
            ("command", "POST", f"{ROOT}/Calls/{{sid}}/Recordings.json", self._start_recording),
            ("recording", "GET", f"{ROOT}/Recordings/{{sid}}.wav", self._recording),
            ("recording", "DELETE", f"{ROOT}/Recordings/{{sid}}.json", self._delete_recording),
        ]
        return [
            Route(path, self._guarded(name, door), methods=[method]) for name, method, path, door in doors
        ]

    def _guarded(self, name: str, door: Door) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                account = self._admitted(request)
                fault = take(self._world.rest_faults, name)
                return await answered(request, fault, lambda: door(request, account), _refused)
            except RefusalError as refusal:
                return JSONResponse(refusal.as_json(), refusal.status)

        return answer

    def _admitted(self, request: Request) -> Account:
        account = self._world.accounts.get(request.path_params["account_sid"])
        name, _, token = _basic(request.headers.get("authorization", "")).partition(":")
        if account is None or name != account.account_sid or not _same(token, account.auth_token):
            raise RefusalError(401, 20003, "Authenticate")
        if self._world.refuse_next_requests > 0:
            self._world.refuse_next_requests -= 1
            raise RefusalError(429, 20429, "Too Many Requests")
        return account

    # -- doors ----------------------------------------------------------------------------------

    async def _account(self, request: Request, account: Account) -> Response:
        return JSONResponse(
            {
                "sid": account.account_sid,
                "friendly_name": account.name,
                "status": account.status,
                "type": account.kind,
                "owner_account_sid": account.account_sid,
                "uri": f"/2010-04-01/Accounts/{account.account_sid}.json",
            }
        )

    async def _create_call(self, request: Request, account: Account) -> Response:
        own = frozenset(number.number for number in self._world.numbers_of(account.account_sid))
        asked = read_create(await _form(request), own)
        running = sum(not call.is_over for call in self._calls_of(account))
        if account.most_calls is not None and running >= account.most_calls:
            raise RefusalError(400, 10004, "Call concurrency limit exceeded")
        call = await self._exchange.dial_out(account, asked)
        if call.order.faults.lost_create_answer:
            return torn(201)
        return JSONResponse(call_json(call), 201)

    async def _list_calls(self, request: Request, account: Account) -> Response:
        asked = request.query_params
        calls = [
            call_json(call)
            for call in reversed(self._calls_of(account))
            if asked.get("To") in (None, call.order.to)
            and asked.get("From") in (None, call.order.from_)
            and asked.get("Status") in (None, call.status)
            and _began_by(call, asked.get("StartTime>"))
        ]
        return page_of("calls", calls, request)

    async def _fetch_call(self, request: Request, account: Account) -> Response:
        return JSONResponse(call_json(self._call(request, account)))

    async def _update_call(self, request: Request, account: Account) -> Response:
        form = await _form(request)
        check_names(form, UPDATE)
        check_values(form)
        call = self._call(request, account)
        given = {name: values[0] for name, values in form.items()}
        if call.is_over:
            raise _not_found(request)
        if "Url" in given and "Twiml" in given:
            raise RefusalError(400, 20001, "Url and Twiml exclude each other")
        if "Status" in given:
            _end(call, given["Status"])
        elif "Twiml" in given or "Url" in given:
            _redirect(call, given)
        return JSONResponse(call_json(call))

    async def _list_numbers(self, request: Request, account: Account) -> Response:
        wanted = request.query_params.get("PhoneNumber")
        numbers = self._world.numbers_of(account.account_sid)
        rows = [number_json(number) for number in numbers if wanted is None or wanted in number.number]
        return page_of("incoming_phone_numbers", rows, request)

    async def _fetch_number(self, request: Request, account: Account) -> Response:
        return JSONResponse(number_json(self._number(request, account)))

    async def _update_number(self, request: Request, account: Account) -> Response:
        form = await _form(request)
        check_names(form, NUMBER)
        check_values(form)
        number = self._number(request, account)
        given = {name: values[0] for name, values in form.items()}
        for name in ("VoiceUrl", "VoiceFallbackUrl", "StatusCallback"):
            if given.get(name):
                check_url(given[name], 21502)
        number.voice_url = given.get("VoiceUrl", number.voice_url)
        number.voice_method = given.get("VoiceMethod", number.voice_method)
        number.voice_fallback_url = given.get("VoiceFallbackUrl", number.voice_fallback_url)
        number.status_callback = given.get("StatusCallback", number.status_callback)
        number.status_callback_method = given.get("StatusCallbackMethod", number.status_callback_method)
        number.friendly_name = given.get("FriendlyName", number.friendly_name)
        _set_owner(number, given)
        return JSONResponse(number_json(number))

    async def _list_recordings(self, request: Request, account: Account) -> Response:
        call = self._call(request, account)
        rows = [recording_json(recording, call) for recording in call.recordings.values()]
        return page_of("recordings", rows, request)

    async def _show_recording(self, request: Request, account: Account) -> Response:
        call, recording = self._recorded(request, account)
        return JSONResponse(recording_json(recording, call))

    async def _start_recording(self, request: Request, account: Account) -> Response:
        form = await _form(request)
        check_names(form, RECORD)
        check_values(form)
        call = self._call(request, account)
        if call.status != "in-progress":
            raise RefusalError(404, 21220, "Invalid call state")
        given = {name: values[0] for name, values in form.items()}
        callback = given.get("RecordingStatusCallback", "")
        if callback:
            check_url(callback, 21203)
        recording = Recording.begin(call, callback, source="StartCallRecordingAPI")
        channels = 2 if given.get("RecordingChannels") == "dual" else 1
        return JSONResponse({**recording_json(recording, call), "channels": channels}, 201)

    async def _recording(self, request: Request, account: Account) -> Response:
        """The file: it may be there later than it is told of."""
        call, recording = self._recorded(request, account)
        faults = call.order.faults
        call.note("recording_asked", recording_sid=recording.sid)
        file = faults.recording_of(call.media.wav(), len(call.of_kind("recording_asked")))
        if file is None or faults.recording_failed or not call.is_over:
            raise _not_found(request)
        return Response(file, media_type="audio/x-wav")

    async def _delete_recording(self, request: Request, account: Account) -> Response:
        call, recording = self._recorded(request, account)
        if not call.is_over:
            raise _not_found(request)
        call.note("recording_deleted", recording_sid=recording.sid)
        del call.recordings[recording.sid]
        return Response(status_code=204)

    def _recorded(self, request: Request, account: Account) -> tuple[Call, Recording]:
        """A recording that was not deleted, and its call."""
        for call in self._calls_of(account):
            if recording := call.recordings.get(request.path_params["sid"]):
                return call, recording
        raise _not_found(request)

    # -- look-ups -------------------------------------------------------------------------------

    def _calls_of(self, account: Account) -> list[Call]:
        return [
            call
            for call in self._exchange.calls.values()
            if call.order.account.account_sid == account.account_sid
        ]

    def _call(self, request: Request, account: Account) -> Call:
        call = self._exchange.calls.get(request.path_params["sid"])
        if call is None or call.order.account.account_sid != account.account_sid:
            raise _not_found(request)
        return call

    def _number(self, request: Request, account: Account) -> Number:
        number = self._world.number_by_sid(account.account_sid, request.path_params["sid"])
        if number is None:
            raise _not_found(request)
        return number


def _not_found(request: Request) -> RefusalError:
    return RefusalError(404, 20404, f"The requested resource {request.url.path} was not found")


def _refused(status: int) -> Response:
    """Twilio's body for a status: its code is 20 and the status."""
    words = {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
    refusal = RefusalError(status, 20_000 + status, words.get(status, "Refused"))
    return JSONResponse(refusal.as_json(), status)


def _began_by(call: Call, earliest: str | None) -> bool:
    """``StartTime>`` is a day, or a moment, in UTC."""
    if not earliest:
        return True
    try:
        moment = datetime.fromisoformat(earliest)
    except ValueError:
        raise RefusalError(400, 20001, "StartTime> is a date") from None
    return call.created_at >= (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _end(call: Call, status: str) -> None:
    if status not in ("completed", "canceled"):
        raise RefusalError(400, 20001, "Status is completed or canceled")
    unanswered = call.answered_ms is None
    if status == "canceled" and not unanswered:
        raise RefusalError(400, 21220, "Invalid call state: the call was answered")
    ends_as = "canceled" if unanswered and call.order.direction == "outbound-api" else "completed"
    call.end("application_hung_up", ends_as)
    if call.order.faults.hang_up_404:
        raise RefusalError(404, 20404, "The requested resource was not found")


def _redirect(call: Call, given: dict[str, str]) -> None:
    if call.answered_ms is None:
        raise RefusalError(400, 21220, "Call is not in-progress. Cannot redirect.")
    check_twiml(given.get("Twiml", ""))
    if url := given.get("Url"):
        check_url(url, 21205)
    call.replace(
        Source(url=given.get("Url", ""), method=given.get("Method", "POST"), twiml=given.get("Twiml", ""))
    )


def _set_owner(number: Number, given: dict[str, str]) -> None:
    """An application or a trunk takes a number's calls; setting one clears the other."""
    if "VoiceApplicationSid" in given:
        number.voice_application_sid = given["VoiceApplicationSid"]
        number.trunk_sid = "" if given["VoiceApplicationSid"] else number.trunk_sid
    if "TrunkSid" in given:
        number.trunk_sid = given["TrunkSid"]
        number.voice_application_sid = "" if given["TrunkSid"] else number.voice_application_sid


async def _form(request: Request) -> Form:
    return parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)


def _basic(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return ""


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
