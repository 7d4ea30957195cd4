"""What clients can make the simulated Twilio do: ``POST accounts | numbers | phones | calls``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from patter.simulators.carrier.control import CarrierControl
from patter.simulators.carrier.doors import Door, object_in
from patter.simulators.line import parse_profile
from patter.simulators.script import Step, parse_steps
from patter.simulators.twilio.call import Call
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.rest import REST_DOORS
from patter.simulators.twilio.result import result_of
from patter.simulators.twilio.world import Account, Number, Phone, World


class Simulator(Protocol):
    """What this needs of the simulator."""

    world: World
    calls: dict[str, Call]
    carriers: list[str]

    def add_account(self, account_sid: str, auth_token: str, name: str = ..., **more: Any) -> Account: ...

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


class ControlApi(CarrierControl):
    """What there is at Twilio besides: accounts, numbers, phones, and calls to them."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        super().__init__(
            "/simulator/",
            simulator.world,
            carriers=simulator.carriers,
            rest_doors=REST_DOORS,
            calls=lambda: simulator.calls,
            result_of=result_of,
        )

    def own_doors(self) -> list[tuple[str, str, Door]]:
        return [
            ("POST", "accounts", self._add_account),
            ("POST", "numbers", self._add_number),
            ("POST", "phones", self._add_phone),
            ("POST", "calls", self._dial_in),
        ]

    async def _add_account(self, request: Request) -> Response:
        given = await object_in(
            request,
            {"account_sid", "auth_token"},
            {"name", "status", "kind", "calls_per_second", "most_calls"},
        )
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
