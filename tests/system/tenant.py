"""A customer of the platform, who knows nothing but its REST interface, and their carrier account."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx

from patter.simulators.demo import AGENT
from patter.simulators.script import parse_steps
from patter.simulators.twilio import TwilioSimulator
from patter.simulators.twilio.call import Call
from patter.simulators.twilio.faults import Faults
from tests.system.platform import Platform
from tests.system.prepared import workspace_options

CALLER = "+12025550187"
# A machine that runs other suites too takes its time, and nobody waits who is answered.
PATIENCE_S = 40.0
SELDOM_S = 0.3
LIVE = {"queued", "dialling", "ringing", "in_progress", "transferring"}
T = TypeVar("T")
_numbers = itertools.count(1000)


def new_number() -> str:
    """Nobody else's in this process."""
    return f"+1202555{next(_numbers):04}"


async def until(look: Callable[[], Awaitable[T]], within_s: float, complaint: Callable[[], str]) -> T:
    """What is looked for, once it is there. Looking costs both sides something: it gets less often."""
    deadline = time.monotonic() + within_s
    pause_s = 0.05
    while not (found := await look()):
        assert time.monotonic() < deadline, complaint()
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.3, SELDOM_S)
    return found


class Tenant:
    """``number`` answers with the agent that it was given at the beginning."""

    def __init__(self, platform: Platform, simulator: TwilioSimulator, name: str) -> None:
        self.platform = platform
        self.simulator = simulator
        self.name = name
        self.email = f"{name}@example.com"
        self.account_sid = "AC" + secrets.token_hex(16)
        self.auth_token = secrets.token_hex(16)
        self.organisation = ""
        self.http = httpx.AsyncClient(base_url=f"{platform.base}/api/v1/", timeout=60, trust_env=False)

    async def set_up(self, agent: Mapping[str, Any] = AGENT) -> Tenant:
        """A workspace with one agent, one carrier account and one number at the carrier."""
        await self.open_workspace()
        self.simulator.add_account(self.account_sid, self.auth_token)
        account = {"carrier": "twilio", "account_sid": self.account_sid, "auth_token": self.auth_token}
        self.account = (await self.post("carrier-accounts", account))["id"]
        self.agent = (await self.post("agents", agent))["id"]
        self.number = await self.add_number(self.agent)
        return self

    async def open_workspace(self) -> None:
        made = self.platform.workspaces.pop(self.name, None)
        if made is None:
            said = await self.platform.manage("create_workspace", *workspace_options(self.name))
            made = json.loads(said.strip().splitlines()[-1])
        self.organisation = made["organisation"]
        self.http.headers["X-API-Key"] = made["api_key"]

    async def add_number(self, agent: str) -> str:
        """A number at the carrier, brought to the platform and pointed at it."""
        number = new_number()
        self.simulator.add_number(number, self.account_sid)
        given = {"number": number, "carrier_account": self.account, "agent": agent}
        made = await self.post("numbers", given)
        await self.post(f"numbers/{made['id']}/configure", {})
        return number

    def webhook(self, door: str, query: str = "") -> str:
        return f"{self.platform.base}/webhooks/twilio/{self.account}/{door}{query}"

    # -- requests -----------------------------------------------------------------------------------

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = await self.http.post(path, json=dict(body or {}))
        assert answer.status_code in (200, 201, 202), (answer.status_code, answer.text)
        return answer.json()

    # -- calls --------------------------------------------------------------------------------------

    async def ring(
        self, steps: list[dict[str, Any]], *, to: str = "", faults: Faults | None = None, **more: Any
    ) -> Call:
        """Somebody calls. Returns while it rings."""
        return await self.simulator.dial_in(
            to or self.number, CALLER, parse_steps(steps), faults=faults, **more
        )

    async def found(self, carrier_call: Call, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """The platform's row of a call at the carrier."""

        async def look() -> dict[str, Any]:
            rows = (await self.get("calls"))["results"]
            return next((dict(row) for row in rows if row["carrier_call_id"] == carrier_call.sid), {})

        return await until(look, within_s, lambda: f"no such call: {carrier_call.sid}")

    async def settled(self, call_id: str, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """The call once it is over and its end was told to everybody."""
        ends = "('call.ended', 'call.failed')"
        told = f"SELECT 1 FROM events_event WHERE subject_id = '{call_id}' AND type IN {ends}"
        row: dict[str, Any] = {}

        async def look() -> bool:
            if not await self.platform.rows(told):
                return False
            row.update(await self.get(f"calls/{call_id}"))
            return row["status"] not in LIVE

        await until(look, within_s, lambda: f"its end was not told, or it is not over: {row or call_id}")
        return row

    async def until_status(self, call_id: str, status: str, within_s: float = PATIENCE_S) -> dict[str, Any]:
        return await self._until(call_id, lambda row: row["status"] == status, status, within_s)

    async def until_known(self, call_id: str, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """The call once its carrier has given it a name."""
        return await self._until(call_id, lambda row: bool(row["carrier_call_id"]), "a name", within_s)

    async def _until(
        self, call_id: str, wanted: Callable[[dict[str, Any]], bool], what: str, within_s: float
    ) -> dict[str, Any]:
        row: dict[str, Any] = {}

        async def look() -> bool:
            row.update(await self.get(f"calls/{call_id}"))
            return wanted(row)

        await until(look, within_s, lambda: f"never got {what}: {row}")
        return row

    async def turns(self, call_id: str) -> list[dict[str, Any]]:
        return list((await self.get(f"calls/{call_id}/transcript"))["turns"])

    async def timeline(self, call_id: str) -> list[dict[str, Any]]:
        return list((await self.get(f"calls/{call_id}/events", limit=200))["results"])

    async def told(self, call_id: str) -> list[str]:
        """The types of the events that the customer's servers are told of a call, in order."""
        rows = await self.platform.rows(
            f"SELECT type FROM events_event WHERE subject_id = '{call_id}' ORDER BY id"
        )
        return [row[0] for row in rows]

    async def live_calls(self) -> list[dict[str, Any]]:
        return list((await self.get("calls", status=",".join(sorted(LIVE))))["results"])
