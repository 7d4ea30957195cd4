"""The simulated REST interface, under ``/v2``."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from patter.simulators.carrier.rest_faults import answered, take
from patter.simulators.telnyx.commands import ACTIONS, Switchboard, perform
from patter.simulators.telnyx.dialling import DialRequest, read_dial
from patter.simulators.telnyx.flow import Flow
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.recordings import Recording
from patter.simulators.telnyx.refusals import RefusalError
from patter.simulators.telnyx.rows import application_json, leg_json, number_json, page_of, profile_json
from patter.simulators.telnyx.world import Account, Application, Profile, World

Door = Callable[[Request, Account], Awaitable[Response]]
REST_DOORS = (
    *("dial", "call", "command", "application", "profile", "numbers", "calls", "recording"),
    *(f"command.{name}" for name in ACTIONS),
)
"""What a fault of the REST interface can be about."""
APPLICATION_FIELDS = frozenset(
    "application_name webhook_event_url webhook_event_failover_url webhook_api_version webhook_timeout_secs "
    "active outbound inbound dtmf_type anchorsite_override".split()
)


class Exchange(Switchboard, Protocol):
    """Who carries legs."""

    world: World
    calls: dict[str, Leg]

    async def dial_out(self, account: Account, request: DialRequest) -> Leg:
        """Begin a leg that the application asked for."""


class RestApi:
    """Calls, applications, numbers and profiles of the registered accounts."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._world = exchange.world
        self._dialled: dict[tuple[str, str], Leg] = {}

    def routes(self) -> list[Route]:
        doors: list[tuple[str, str, str, Door]] = [
            ("dial", "POST", "/v2/calls", self._dial),
            ("call", "GET", "/v2/calls/{id}", self._status),
            ("command", "POST", "/v2/calls/{id}/actions/{name}", self._command),
            ("application", "GET", "/v2/call_control_applications/{id}", self._application),
            ("application", "PATCH", "/v2/call_control_applications/{id}", self._change_application),
            ("profile", "GET", "/v2/outbound_voice_profiles", self._profiles),
            ("profile", "GET", "/v2/outbound_voice_profiles/{id}", self._profile),
            ("numbers", "GET", "/v2/phone_numbers", self._numbers),
            ("calls", "GET", "/v2/connections/{id}/active_calls", self._active_calls),
            ("recording", "GET", "/v2/recordings", self._recordings),
            ("recording", "GET", "/v2/recordings/{id}", self._recording),
            ("recording", "DELETE", "/v2/recordings/{id}", self._delete_recording),
            ("numbers", "PATCH", "/v2/phone_numbers/{id}", self._change_number),
        ]
        return [
            Route(path, self._guarded(name, door), methods=[method]) for name, method, path, door in doors
        ]

    def _guarded(self, name: str, door: Door) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                account = self._admitted(request)
                fault = take(self._world.rest_faults, *_names_of(name, request))
                return await answered(request, fault, lambda: door(request, account), _refused)
            except RefusalError as refusal:
                return JSONResponse(refusal.as_json(), refusal.status)

        return answer

    def _admitted(self, request: Request) -> Account:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        keys = self._world.accounts if scheme.lower() == "bearer" else {}
        found = [key for key in keys if hmac.compare_digest(given.encode(), key.encode())]
        if not found:
            raise RefusalError(401, "10009", "Authentication failed", "No key found matching the secret")
        if self._world.refuse_next_requests > 0:
            self._world.refuse_next_requests -= 1
            raise RefusalError(429, "10011", "Too many requests", "You have exceeded the rate limit")
        return self._world.accounts[found[0]]

    # -- calls ----------------------------------------------------------------------------------

    async def _dial(self, request: Request, account: Account) -> Response:
        body = await _object(request)
        known = self._dialled.get((account.api_key, str(body.get("command_id") or "")))
        if known is None:
            asked = read_dial(body, account, self._world, self._running(account))
            known = await self._exchange.dial_out(account, asked)
            if asked.command_id:
                self._dialled[account.api_key, asked.command_id] = known
        else:
            known.note("command_repeated", name="dial")
        if account.api_key in self._world.lose_answers_of:
            self._world.lose_answers_of.discard(account.api_key)
            # A gateway gave up: what became of the request is not said.
            return JSONResponse({"errors": [{"code": "10007", "title": "Unexpected error"}]}, 504)
        return JSONResponse({"data": {**leg_json(known), "is_alive": False}})

    async def _status(self, request: Request, account: Account) -> Response:
        return JSONResponse({"data": leg_json(self._flow(request, account).leg)})

    async def _command(self, request: Request, account: Account) -> Response:
        flow = self._flow(request, account)
        await perform(request.path_params["name"], flow, await _object(request), self._exchange)
        return JSONResponse({"data": {"result": "ok"}})

    # -- what is set up ---------------------------------------------------------------------------

    async def _application(self, request: Request, account: Account) -> Response:
        return JSONResponse({"data": application_json(self._app(request, account))})

    async def _change_application(self, request: Request, account: Account) -> Response:
        application, body = self._app(request, account), await _object(request)
        if unknown := sorted(body.keys() - APPLICATION_FIELDS):
            raise RefusalError(422, "10015", "Invalid parameter", f"unknown: {', '.join(unknown)}")
        if not body.get("application_name") or not body.get("webhook_event_url"):
            raise RefusalError(
                422, "10004", "Missing required parameter", "application_name, webhook_event_url"
            )
        if body.get("webhook_api_version") not in (None, "1", "2"):
            raise RefusalError(422, "10032", "Invalid enumerated value", "webhook_api_version is 1 or 2")
        if urlsplit(str(body["webhook_event_url"])).scheme not in ("http", "https"):
            raise RefusalError(422, "10015", "Invalid value", "not an address", "/webhook_event_url")
        application.name = str(body["application_name"])
        application.webhook_url = str(body["webhook_event_url"])
        application.api_version = str(body.get("webhook_api_version") or application.api_version)
        if isinstance(body.get("outbound"), dict):
            application.profile = self._chosen(body["outbound"].get("outbound_voice_profile_id"), account)
        return JSONResponse({"data": application_json(application)})

    def _chosen(self, profile_id: object, account: Account) -> Profile | None:
        """An outbound voice profile by its id; none takes the present one away."""
        if not profile_id:
            return None
        for profile in self._world.profiles_of(account):
            if profile.id == profile_id:
                return profile
        raise RefusalError(
            422, "10015", "Invalid value", "no such profile", "/outbound/outbound_voice_profile_id"
        )

    async def _profiles(self, request: Request, account: Account) -> Response:
        rows = [profile_json(profile) for profile in self._world.profiles_of(account)]
        return JSONResponse(page_of(rows, request.query_params))

    async def _profile(self, request: Request, account: Account) -> Response:
        for profile in self._world.profiles_of(account):
            if profile.id == request.path_params["id"]:
                return JSONResponse({"data": profile_json(profile)})
        raise _not_found()

    async def _numbers(self, request: Request, account: Account) -> Response:
        wanted = request.query_params.get("filter[phone_number]", "")
        rows = [
            number_json(number)
            for number in self._world.numbers.values()
            if number.account is account and wanted in number.number
        ]
        meta = {"page_number": 1, "page_size": 250, "total_pages": 1, "total_results": len(rows)}
        return JSONResponse({"data": rows, "meta": meta})

    async def _change_number(self, request: Request, account: Account) -> Response:
        body = await _object(request)
        for number in self._world.numbers.values():
            if number.account is account and number.id == request.path_params["id"]:
                break
        else:
            raise _not_found()
        connection = str(body.get("connection_id") or "")
        application = self._world.applications.get(connection)
        if application is None or application.account is not account:
            raise RefusalError(422, "10015", "Invalid value", "no such connection", "/connection_id")
        number.connection_id = connection
        return JSONResponse({"data": number_json(number)})

    async def _active_calls(self, request: Request, account: Account) -> Response:
        application = self._app(request, account)
        legs = self._exchange.calls.values()
        rows = [leg_json(leg) for leg in legs if leg.order.application is application and not leg.is_over]
        return JSONResponse(page_of(rows, request.query_params))

    async def _recordings(self, request: Request, account: Account) -> Response:
        """The finished ones, of one leg where ``filter[call_control_id]`` says which."""
        wanted, base = request.query_params.get("filter[call_control_id]"), self._world.base_url
        rows = [
            {**recording.as_json(base), "call_control_id": leg.id}
            for leg in self._exchange.calls.values()
            if leg.order.application.account is account and wanted in (None, leg.id)
            for recording in leg.recordings.values()
            if recording.ended_ms is not None
        ]
        return JSONResponse(page_of(rows, request.query_params))

    async def _recording(self, request: Request, account: Account) -> Response:
        leg, recording = self._recorded(request, account)
        dead = leg.order.faults.expired_recording_links
        row = recording.as_json(self._world.base_url, dead_ones=dead)
        return JSONResponse({"data": {**row, "call_control_id": leg.id}})

    async def _delete_recording(self, request: Request, account: Account) -> Response:
        leg, recording = self._recorded(request, account)
        leg.note("recording_deleted", recording_id=recording.id)
        del leg.recordings[recording.id]
        return JSONResponse({"data": {"id": recording.id}})

    def _recorded(self, request: Request, account: Account) -> tuple[Leg, Recording]:
        for leg in self._exchange.calls.values():
            recording = leg.recordings.get(request.path_params["id"])
            if recording is not None and recording.ended_ms is not None:
                if leg.order.application.account is account:
                    return leg, recording
        raise _not_found()

    # -- look-ups -------------------------------------------------------------------------------

    def _running(self, account: Account) -> int:
        return sum(
            leg.order.application.account is account and leg.order.direction == "outgoing" and not leg.is_over
            for leg in self._exchange.calls.values()
        )

    def _flow(self, request: Request, account: Account) -> Flow:
        call_control_id = request.path_params["id"]
        if not call_control_id.startswith("v3:"):
            raise RefusalError(422, "90015", "Invalid Call Control ID", "The call_control_id is not valid")
        flow = self._exchange.flow_of(call_control_id)
        if flow is None or flow.leg.order.application.account is not account:
            raise _not_found()
        return flow

    def _app(self, request: Request, account: Account) -> Application:
        found = self._world.applications.get(request.path_params["id"])
        if found is None or found.account is not account:
            raise _not_found()
        return found


def _names_of(door: str, request: Request) -> tuple[str, ...]:
    """A command is ``command`` and its own name."""
    return (f"command.{request.path_params['name']}", door) if door == "command" else (door,)


def _refused(status: int) -> Response:
    code, title = {429: ("10011", "Too many requests")}.get(status, ("10007", "Unexpected error"))
    return JSONResponse(RefusalError(status, code, title).as_json(), status)


def _not_found() -> RefusalError:
    return RefusalError(
        404, "10005", "Resource not found", "The requested resource or URL could not be found"
    )


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusalError(400, "10015", "Bad request", "The body is not a JSON object")
    return body
