"""What clients on the same machine can make the simulator do, as JSON under ``/simulator/``.

``POST accounts | numbers | phones | faults | calls``, ``GET calls/{sid}`` (result),
``GET calls/{sid}/events`` (JSON lines until the end), ``GET calls/{sid}/audio.wav`` (left the
caller, right the agent), ``POST calls/{sid}/hang-up``, ``GET health``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from patter.simulators.control_doors import Door, guarded, lines_of, object_in
from patter.simulators.line import parse_profile
from patter.simulators.script import Step, parse_steps
from patter.simulators.twilio.call import Call
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.result import result_of
from patter.simulators.twilio.world import Account, Number, Phone, World


class Simulator(Protocol):
    """What this needs of the simulator."""

    world: World
    calls: dict[str, Call]
    carriers: list[str]

    def add_account(self, account_sid: str, auth_token: str, name: str = ...) -> Account: ...

    def add_number(self, number: str, account_sid: str, voice_url: str = ..., **more: Any) -> Number: ...

    def add_phone(self, phone: Phone) -> Phone: ...

    async def dial_in(
        self,
        to: str,
        from_: str,
        steps: Sequence[Step] = ...,
        *,
        account_sid: str | None = ...,
        voice_url: str | None = ...,
        profile: frozenset[str] = ...,
        faults: Faults | None = ...,
        time_limit_s: float = ...,
    ) -> Call: ...


class ControlApi:
    """Only ever reachable from the machine itself: the server binds to loopback."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        doors: list[tuple[str, str, Door]] = [
            ("GET", "health", self._health),
            ("POST", "accounts", self._add_account),
            ("POST", "numbers", self._add_number),
            ("POST", "phones", self._add_phone),
            ("POST", "faults", self._set_faults),
            ("POST", "calls", self._dial_in),
            ("GET", "calls", self._list),
            ("GET", "calls/{sid}", self._result),
            ("GET", "calls/{sid}/events", self._events),
            ("GET", "calls/{sid}/audio.wav", self._audio),
            ("POST", "calls/{sid}/hang-up", self._hang_up),
        ]
        return [Route(f"/simulator/{path}", guarded(door), methods=[method]) for method, path, door in doors]

    async def _health(self, request: Request) -> Response:
        running = sum(not call.finished.is_set() for call in self._simulator.calls.values())
        return JSONResponse({"ready": True, "carriers": self._simulator.carriers, "running_calls": running})

    async def _add_account(self, request: Request) -> Response:
        given = await object_in(request, {"account_sid", "auth_token"}, {"name"})
        self._simulator.add_account(**given)
        return JSONResponse({"account_sid": given["account_sid"]}, 201)

    async def _add_number(self, request: Request) -> Response:
        optional = {"voice_url", "status_callback", "voice_method", "voice_fallback_url", "friendly_name"}
        given = await object_in(request, {"number", "account_sid"}, optional)
        number = self._simulator.add_number(**given)
        return JSONResponse({"number": number.number, "sid": number.sid}, 201)

    async def _add_phone(self, request: Request) -> Response:
        optional = {"behaviour", "answer_after_s", "talk_s", "steps", "profile", "faults"} | {
            "answered_by",
            "detected_after_s",
            "greeting_s",
        }
        phone = Phone.parse(await object_in(request, {"number"}, optional))
        self._simulator.add_phone(phone)
        return JSONResponse({"number": phone.number}, 201)

    async def _set_faults(self, request: Request) -> Response:
        given = await object_in(request, set(), {"refuse_next_requests"})
        self._simulator.world.refuse_next_requests = int(given.get("refuse_next_requests", 0))
        return JSONResponse(given)

    async def _dial_in(self, request: Request) -> Response:
        optional = {"account_sid", "voice_url", "steps", "profile", "faults", "time_limit_s"}
        given = await object_in(request, {"to", "from"}, optional)
        call = await self._simulator.dial_in(
            given["to"],
            given["from"],
            parse_steps(given.get("steps") or ()),
            account_sid=given.get("account_sid"),
            voice_url=given.get("voice_url"),
            profile=parse_profile(given.get("profile")),
            faults=Faults.parse(given.get("faults")),
            time_limit_s=float(given.get("time_limit_s", 120)),
        )
        return JSONResponse({"call_sid": call.sid, "status": call.status}, 201)

    async def _list(self, request: Request) -> Response:
        calls = self._simulator.calls.values()
        return JSONResponse({"calls": [{"call_sid": call.sid, "status": call.status} for call in calls]})

    async def _result(self, request: Request) -> Response:
        return JSONResponse(result_of(self._call(request)))

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(lines_of(self._call(request)), media_type="application/x-ndjson")

    async def _audio(self, request: Request) -> Response:
        return Response(self._call(request).media.wav(), media_type="audio/wav")

    async def _hang_up(self, request: Request) -> Response:
        call = self._call(request)
        call.end("caller_hung_up")
        return JSONResponse({"call_sid": call.sid, "status": call.status})

    def _call(self, request: Request) -> Call:
        sid = request.path_params["sid"]
        if sid not in self._simulator.calls:
            raise LookupError(f"no such call: {sid}")
        return self._simulator.calls[sid]
