"""What clients can make the simulated Telnyx do besides what is said to both carriers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from patter.simulators.carrier.control import CarrierControl
from patter.simulators.carrier.doors import Door, object_in
from patter.simulators.line import parse_profile
from patter.simulators.script import Step, parse_steps
from patter.simulators.telnyx.faults import Faults
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.rest import REST_DOORS
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


class ControlApi(CarrierControl):
    """What there is at Telnyx besides: accounts, applications, numbers, phones, calls, recordings' files."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        super().__init__(
            "/simulator/telnyx/",
            simulator.world,
            carriers=["telnyx"],
            rest_doors=REST_DOORS,
            calls=lambda: simulator.calls,
            result_of=result_of,
        )

    def own_doors(self) -> list[tuple[str, str, Door]]:
        return [
            ("POST", "accounts", self._add_account),
            ("POST", "applications", self._add_application),
            ("POST", "numbers", self._add_number),
            ("POST", "phones", self._add_phone),
            ("POST", "calls", self._dial_in),
            ("GET", "recordings/{id}.wav", self._recording),
        ]

    def set_fault(self, name: str, value: Any) -> None:
        if name != "lose_answers_of":
            super().set_fault(name, value)
        self._simulator.world.lose_answers_of = {str(key) for key in value}

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

    async def _recording(self, request: Request) -> Response:
        """The file behind a link, as the store answers that Telnyx keeps them in: with words of its own."""
        for leg in self._simulator.calls.values():
            recording = leg.recordings.get(request.path_params["id"])
            if recording is None:
                continue
            recording.asked += 1
            if not recording.opens(request.query_params.get("key", "")):
                return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
            file = leg.order.faults.recording_of(leg.media.wav(), recording.asked)
            if file is not None:
                return Response(file, media_type="audio/wav")
            break
        return Response("<Error><Code>NoSuchKey</Code></Error>", 404, media_type="application/xml")
