"""What clients on the same machine can make the simulator do, as JSON under ``/simulator/telnyx/``.

``POST accounts | applications | numbers | phones | faults | calls``, ``GET calls/{id}`` (result),
``GET calls/{id}/events`` (JSON lines until the end), ``GET calls/{id}/audio.wav`` (left the caller,
right the agent), ``POST calls/{id}/hang-up``, ``GET health``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from patter.simulators.control_doors import Door, guarded, lines_of, object_in
from patter.simulators.line import parse_profile
from patter.simulators.script import Step, parse_steps
from patter.simulators.telnyx.faults import Faults
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.result import result_of
from patter.simulators.telnyx.world import Account, Application, Number, Phone, World


class Simulator(Protocol):
    """What this needs of the simulator."""

    world: World
    calls: dict[str, Leg]

    def add_account(
        self, api_key: str, *, seed: bytes | None = ..., concurrent_calls: int = ...
    ) -> Account: ...

    def add_application(
        self, connection_id: str, api_key: str, webhook_url: str = ..., *, dials: bool = ..., **more: Any
    ) -> Application: ...

    def add_number(self, number: str, api_key: str, connection_id: str = ...) -> Number: ...

    def add_phone(self, phone: Phone) -> Phone: ...

    async def dial_in(
        self,
        to: str,
        from_: str,
        steps: Sequence[Step] = ...,
        *,
        profile: frozenset[str] = ...,
        faults: Faults | None = ...,
        headers: Mapping[str, str] | None = ...,
        time_limit_s: float = ...,
    ) -> Leg: ...


class ControlApi:
    """Only ever reachable from the machine itself: the server binds to loopback."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        doors: list[tuple[str, str, Door]] = [
            ("GET", "health", self._health),
            ("POST", "accounts", self._add_account),
            ("POST", "applications", self._add_application),
            ("POST", "numbers", self._add_number),
            ("POST", "phones", self._add_phone),
            ("POST", "faults", self._set_faults),
            ("POST", "calls", self._dial_in),
            ("GET", "calls", self._list),
            ("GET", "calls/{id}", self._result),
            ("GET", "calls/{id}/events", self._events),
            ("GET", "calls/{id}/audio.wav", self._audio),
            ("POST", "calls/{id}/hang-up", self._hang_up),
        ]
        return [
            Route(f"/simulator/telnyx/{path}", guarded(door), methods=[method])
            for method, path, door in doors
        ]

    async def _health(self, request: Request) -> Response:
        running = sum(not leg.finished.is_set() for leg in self._simulator.calls.values())
        return JSONResponse({"ready": True, "carriers": ["telnyx"], "running_calls": running})

    async def _add_account(self, request: Request) -> Response:
        given = await object_in(request, {"api_key"}, {"seed", "concurrent_calls"})
        seed = bytes.fromhex(given["seed"]) if given.get("seed") else None
        calls = int(given.get("concurrent_calls", 100))
        account = self._simulator.add_account(given["api_key"], seed=seed, concurrent_calls=calls)
        return JSONResponse({"public_key": account.key.public_key}, 201)

    async def _add_application(self, request: Request) -> Response:
        optional = {"webhook_url", "dials", "failover_url", "name"}
        given = await object_in(request, {"connection_id", "api_key"}, optional)
        self._simulator.add_application(**given)
        return JSONResponse({"connection_id": given["connection_id"]}, 201)

    async def _add_number(self, request: Request) -> Response:
        given = await object_in(request, {"number", "api_key"}, {"connection_id"})
        number = self._simulator.add_number(**given)
        return JSONResponse({"number": number.number, "id": number.id}, 201)

    async def _add_phone(self, request: Request) -> Response:
        optional = {
            *("behaviour", "answer_after_s", "talk_s", "machine", "machine_after_s", "accepts"),
            *("steps", "profile", "faults"),
        }
        phone = Phone.parse(await object_in(request, {"number"}, optional))
        self._simulator.add_phone(phone)
        return JSONResponse({"number": phone.number}, 201)

    async def _set_faults(self, request: Request) -> Response:
        given = await object_in(request, set(), {"refuse_next_requests", "lose_answers_of"})
        self._simulator.world.refuse_next_requests = int(given.get("refuse_next_requests", 0))
        self._simulator.world.lose_answers_of = {str(key) for key in given.get("lose_answers_of", ())}
        return JSONResponse(dict(given))

    async def _dial_in(self, request: Request) -> Response:
        optional = {"steps", "profile", "faults", "headers", "time_limit_s"}
        given = await object_in(request, {"to", "from"}, optional)
        leg = await self._simulator.dial_in(
            given["to"],
            given["from"],
            parse_steps(given.get("steps") or ()),
            profile=parse_profile(given.get("profile")),
            faults=Faults.parse(given.get("faults")),
            headers=given.get("headers"),
            time_limit_s=float(given.get("time_limit_s", 120)),
        )
        return JSONResponse({"call_sid": leg.id, "status": leg.status}, 201)

    async def _list(self, request: Request) -> Response:
        legs = self._simulator.calls.values()
        return JSONResponse({"calls": [{"call_sid": leg.id, "status": leg.status} for leg in legs]})

    async def _result(self, request: Request) -> Response:
        return JSONResponse(result_of(self._leg(request)))

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(lines_of(self._leg(request)), media_type="application/x-ndjson")

    async def _audio(self, request: Request) -> Response:
        return Response(self._leg(request).media.wav(), media_type="audio/wav")

    async def _hang_up(self, request: Request) -> Response:
        leg = self._leg(request)
        leg.end("caller_hung_up")
        return JSONResponse({"call_sid": leg.id, "status": leg.status})

    def _leg(self, request: Request) -> Leg:
        leg_id = request.path_params["id"]
        if leg_id not in self._simulator.calls:
            raise LookupError(f"no such call: {leg_id}")
        return self._simulator.calls[leg_id]
