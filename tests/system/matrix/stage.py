"""One platform with a customer at each carrier, and what a scene does and sees there."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from patter.simulators.script import parse_steps
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.telnyx.leg import Leg
from patter.simulators.twilio import TwilioSimulator
from patter.simulators.twilio.call import Call
from patter.simulators.voice import ToneVoice
from tests.system.matrix.people import Person
from tests.system.matrix.voices import DESK, GREETING, Mode, answers
from tests.system.platform import Platform
from tests.system.program import program
from tests.system.telnyx import WEBHOOK_BUDGET_S, TelnyxTenant
from tests.system.tenant import Tenant
from tests.system.tenant import until as until_there

PATIENCE_S = 60.0
CARRIERS = ("twilio", "telnyx")
Steps = list[dict[str, Any]]
LISTEN: Steps = [{"listen": True}]
ANNOUNCEMENT = "This call is recorded."
MESSAGE = "Please call us back."
INTRODUCTION = "This is Acme, about your order."
NOBODY, NOBODYS_NUMBER, DESK_NUMBER = "nobody", "+13035559999", "+13035550000"
PREFIX = "+1303555"
"""Whoever has such a number may be given a caller."""
CarrierCall = Call | Leg
T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """One cell: a carrier, a mode, who replies, and who called whom. Numbers that it gives out are new."""

    mode: str
    carrier: str
    reply_by: str
    direction: str
    tenant: Tenant
    number: str
    recorded_number: str
    agent: str
    recorded_agent: str
    hasty_agent: str
    """It soon asks whether anybody is there, and only once."""
    new_number: Callable[[], str]

    # -- beginnings -------------------------------------------------------------------------------

    def person(self, person: Person, number: str = "") -> str:
        """Somebody who can be called: their number."""
        number = number or self.new_number()
        phone = person.at_twilio(number) if self.carrier == "twilio" else person.at_telnyx(number)
        self.tenant.simulator.add_phone(phone)  # type: ignore[arg-type]
        return number

    async def up(self, steps: Steps | None = None, *, recorded: bool = False) -> Up:
        """A call whose other side hears the agent. ``steps`` is what they do."""
        if self.direction == "inbound":
            to = self.recorded_number if recorded else self.number
            carrier_call: CarrierCall = await self.tenant.ring(steps or LISTEN, to=to)
            call_id = (await self.tenant.found(carrier_call, PATIENCE_S))["id"]
        else:
            callee = self.person(Person(steps=tuple(parse_steps(steps or LISTEN))))
            call_id = await self.place(callee, recorded=recorded)
            carrier_call = await self.carrier_call(call_id)
        await carrier_call.reached("agent_started", timeout_s=PATIENCE_S)
        return Up(self, carrier_call, call_id)

    async def place(self, to: str, *, recorded: bool = False, **more: Any) -> str:
        """The platform calls somebody: the call's id."""
        given = {"to": to, "agent": self.recorded_agent if recorded else self.agent, **more}
        number = self.recorded_number if recorded else self.number
        return str((await self.tenant.post("calls", {"from": number, **given}))["id"])

    # -- what is seen -----------------------------------------------------------------------------

    async def carrier_call(self, call_id: str) -> CarrierCall:
        """The simulated carrier's side of a call."""
        row = await self.tenant.until_known(call_id, PATIENCE_S)
        return self.tenant.simulator.calls[row["carrier_call_id"]]

    async def leg_to(self, number: str) -> CarrierCall:
        """The leg with which somebody is called, as soon as there is one."""
        return await until(
            lambda: next(
                (call for call in self.tenant.simulator.calls.values() if call.order.to == number), None
            )
        )

    async def settled(self, call_id: str) -> dict[str, Any]:
        """The call once it is over, told once to the customer's servers, and without a complaint."""
        row = await self.tenant.settled(call_id, PATIENCE_S)
        told = await self.tenant.told(call_id)
        assert told.count("call.ended") + told.count("call.failed") == 1, told
        return row


@dataclass(frozen=True)
class Up:
    """A call that is up."""

    stage: Stage
    carrier_call: CarrierCall
    id: str

    async def post(self, what: str, **body: Any) -> None:
        await self.stage.tenant.post(f"calls/{self.id}/{what}", body)

    def leaves(self) -> None:
        """The person at the other end hangs up."""
        if isinstance(self.carrier_call, Leg):
            far = "caller" if self.stage.direction == "inbound" else "callee"
            self.carrier_call.end("caller_hung_up", source=far)
        else:
            self.carrier_call.end("caller_hung_up")

    async def over(self) -> dict[str, Any]:
        """The row of the call, once the carrier has told its end. The carrier had nothing to complain of."""
        await self.carrier_call.ended()
        row = await self.stage.settled(self.id)
        assert complaints(self.carrier_call) == []
        return row

    async def hung_up(self) -> dict[str, Any]:
        await self.post("hang-up")
        row = await self.over()
        assert row["end_reason"] == "api_hung_up"
        return row

    async def said(self, role: str = "assistant") -> list[str]:
        return [turn["text"] for turn in await self.stage.tenant.turns(self.id) if turn["role"] == role]

    async def until_said(self, text: str, role: str = "assistant") -> None:
        await until_async(lambda: self._has_said(text, role))

    async def _has_said(self, text: str, role: str) -> bool:
        return any(text in each for each in await self.said(role))

    async def until_status(self, status: str) -> None:
        await self.stage.tenant.until_status(self.id, status, PATIENCE_S)

    async def transfer_in_state(self, *states: str) -> dict[str, Any]:
        async def reached() -> dict[str, Any] | None:
            rows = (await self.stage.tenant.get(f"calls/{self.id}/transfers"))["results"]
            return dict(rows[-1]) if rows and rows[-1]["state"] in states else None

        return await until_async(reached)

    async def kinds(self) -> list[str]:
        return [event["kind"] for event in await self.stage.tenant.timeline(self.id)]


def complaints(call: CarrierCall) -> list[Any]:
    """What the strict carrier has against us."""
    return call.complaints if isinstance(call, Leg) else [trouble.as_json() for trouble in call.troubles]


async def until(look: Callable[[], T | None]) -> T:
    """What is looked for, once it is there."""

    async def looked() -> T | None:
        return look()

    found: T = await until_async(looked)
    return found


async def until_async(look: Callable[[], Any]) -> Any:
    return await until_there(look, PATIENCE_S, lambda: "it never came")


def press(keys: str) -> Steps:
    """Press keys when the agent has finished, however late it begins: before it, keys are lost."""
    return [{"digits": keys, "patience_ms": int(PATIENCE_S * 1000)}]


@contextlib.asynccontextmanager
async def staged(folder: Path, mode: Mode) -> AsyncIterator[dict[tuple[str, str], Stage]]:
    """A platform in one process, and a stage for each carrier and whoever replies.

    A program replies to callers, a model to callees: so each carrier shows both directions, and both.
    """
    async with mode.open() as vendors, TwilioSimulator(voice=ToneVoice()) as twilio:
        async with TelnyxSimulator(voice=ToneVoice(), webhook_budget_s=WEBHOOK_BUDGET_S) as telnyx:
            addresses = {"PATTER_TELNYX_BASE_URL": f"{telnyx.base_url}/v2", **vendors}
            platform = Platform(folder, twilio.base_url, more=addresses)
            tenants: dict[str, Tenant] = {
                "twilio": Tenant(platform, twilio, "luna"),
                "telnyx": TelnyxTenant(platform, telnyx, "sol"),
            }
            try:
                await platform.start_embedded()
                numbers = (f"{PREFIX}{at:04}" for at in itertools.count(1))
                async with contextlib.AsyncExitStack() as programs:
                    stages = {}
                    for carrier, tenant in tenants.items():
                        stages |= await _stages(mode, carrier, tenant, lambda: next(numbers))
                        await programs.enter_async_context(program(tenant, answers))
                    yield stages
            finally:
                await _put_away(platform, tenants)
    if said := platform.tracebacks():
        pytest.fail(f"a process said what nobody expected:\n{said}", pytrace=False)


async def _stages(
    mode: Mode, carrier: str, tenant: Tenant, new_number: Callable[[], str]
) -> dict[tuple[str, str], Stage]:
    await tenant.set_up()
    await mode.furnish(tenant)
    stages = {}
    for reply_by, direction in (("handler", "inbound"), ("model", "outbound")):
        body = {
            "name": f"{mode.name} {reply_by}",
            "mode": mode.name,
            "reply_by": reply_by,
            "first_message": GREETING,
            "transfer_targets": [
                {"name": DESK, "number": DESK_NUMBER, "ring_s": 5},
                {"name": NOBODY, "number": NOBODYS_NUMBER, "ring_s": 5},
            ],
            "record": False,
            "turn_taking": {"idle_prompt_s": 60},
        }
        policies = {
            "transfer": {"prefixes": [PREFIX]},
            "machines": {"introduction": INTRODUCTION},
        }
        recorded = {**policies, "recording": {"carrier": True, "announcement": ANNOUNCEMENT}}
        hasty = {"name": f"{reply_by} hasty", "turn_taking": {"idle_prompt_s": 3, "idle_prompts": 1}}
        changes: tuple[dict[str, Any], ...] = (
            {"policies": policies},
            {"name": f"{reply_by} recorded", "policies": recorded, "record": True},
            hasty,
        )
        agents = [await mode.agent(tenant, reply_by, {**body, **change}) for change in changes]
        kept = [await tenant.add_number(agent) for agent in agents[:2]]
        stages[carrier, reply_by] = Stage(
            mode.name, carrier, reply_by, direction, tenant, kept[0], kept[1], *agents, new_number
        )
    return stages


async def nothing_is_left(stages: Iterable[Stage]) -> None:
    """Every call is over, at the carriers and here, and its end was told."""
    for stage in stages:
        for call in list(stage.tenant.simulator.calls.values()):
            await call.ended()
        assert await stage.tenant.live_calls() == []
        untold = "SELECT COUNT(*) FROM calls_call WHERE announced_at IS NULL"
        assert await stage.tenant.platform.rows(untold) == [(0,)]


async def _put_away(platform: Platform, tenants: dict[str, Tenant]) -> None:
    """Calls first: one that still runs would be hung up by a platform that stops."""
    for tenant in tenants.values():
        running = [call for call in tenant.simulator.calls.values() if not call.finished.is_set()]
        for call in running:
            call.end("shutdown")
        for call in running:
            await call.ended()
        await tenant.http.aclose()
    await platform.stop()
