"""A customer whose numbers are at Telnyx, and a platform that knows the simulated one."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from patter.simulators.demo import AGENT
from patter.simulators.script import parse_steps
from patter.simulators.telnyx import Faults, Phone, TelnyxSimulator
from patter.simulators.telnyx.leg import Leg
from patter.simulators.voice import OfflineVoice
from tests.system.platform import Platform
from tests.system.tenant import CALLER, PATIENCE_S, Tenant, new_number

WEBHOOK_BUDGET_S = 10.0
"""Telnyx gives two seconds; a machine that stands still so long says nothing about us. Row 6 is tested."""


class TelnyxTenant(Tenant):
    """``number`` answers with the agent that it was given at the beginning."""

    simulator: TelnyxSimulator  # type: ignore[assignment]

    async def set_up(self, agent: Mapping[str, Any] = AGENT) -> TelnyxTenant:
        """A workspace with one agent, one carrier account and one number at the carrier."""
        await self.open_workspace()
        await self.add_account()
        self.agent = (await self.post("agents", agent))["id"]
        self.number = await self.add_number(self.agent)
        return self

    async def add_account(self) -> None:
        self.api_key, self.connection = f"KEY{secrets.token_hex(16)}", str(secrets.randbelow(10**18))
        account = self.simulator.add_account(self.api_key)
        self.simulator.add_application(self.connection, self.api_key)
        given = {
            "carrier": "telnyx",
            "api_key": self.api_key,
            "public_key": account.key.public_key,
            "connection_id": self.connection,
        }
        self.account = (await self.post("carrier-accounts", given))["id"]

    async def another_account(self) -> dict[str, str]:
        """A second account of the same customer, with a number: its key, its id and the number."""
        first = (self.api_key, self.connection, self.account)
        await self.add_account()
        number = await self.add_number(self.agent)
        made = {"api_key": self.api_key, "account": self.account, "number": number}
        self.api_key, self.connection, self.account = first
        return made

    async def add_number(self, agent: str) -> str:
        number = new_number()
        self.simulator.add_number(number, self.api_key)
        given = {"number": number, "carrier_account": self.account, "agent": agent}
        made = await self.post("numbers", given)
        await self.post(f"numbers/{made['id']}/configure", {})
        return number

    async def ring(
        self, steps: list[dict[str, Any]], *, to: str = "", faults: Faults | None = None, **more: Any
    ) -> Leg:
        """Somebody calls. Returns while it rings."""
        return await self.simulator.dial_in(
            to or self.number, CALLER, parse_steps(steps), faults=faults, **more
        )

    async def call(self, phone: Phone, **more: Any) -> dict[str, Any]:
        """The platform calls somebody."""
        self.simulator.add_phone(phone)
        return dict(await self.post("calls", {"to": phone.number, "agent": self.agent, **more}))

    async def leg_of(self, call_id: str, within_s: float = PATIENCE_S) -> Leg:
        """The simulated carrier's side of a call that the platform placed."""
        row = await self.until_known(call_id, within_s)
        return self.simulator.calls[row["carrier_call_id"]]


@dataclass
class TelnyxWorld:
    platform: Platform
    simulator: TelnyxSimulator
    tenants: list[TelnyxTenant] = field(default_factory=list)

    async def tenant(self, name: str = "luna", agent: Mapping[str, Any] = AGENT) -> TelnyxTenant:
        """A customer with an agent and a number."""
        self.tenants.append(TelnyxTenant(self.platform, self.simulator, name))
        return await self.tenants[-1].set_up(agent)

    async def put_away(self) -> None:
        """Calls first: one that still runs would be hung up by a platform that stops."""
        running = [leg for leg in self.simulator.calls.values() if not leg.finished.is_set()]
        for leg in running:
            leg.end("shutdown")
        for leg in running:
            await leg.ended()
        for tenant in self.tenants:
            await tenant.http.aclose()
        await self.platform.stop()


@asynccontextmanager
async def telnyx_embedded(folder: Path, **more: str) -> AsyncIterator[TelnyxWorld]:
    """One process on SQLite, and the simulated Telnyx."""
    async with TelnyxSimulator(voice=OfflineVoice(), webhook_budget_s=WEBHOOK_BUDGET_S) as simulator:
        address = {"PATTER_TELNYX_BASE_URL": f"{simulator.base_url}/v2"}
        platform = Platform(folder, "http://127.0.0.1:9", more={**address, **more})
        world = TelnyxWorld(platform, simulator)
        try:
            await platform.start_embedded()
            yield world
        finally:
            await world.put_away()
    if said := platform.tracebacks():
        pytest.fail(f"a process said what nobody expected:\n{said}", pytrace=False)
