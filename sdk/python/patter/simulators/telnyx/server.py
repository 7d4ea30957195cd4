"""The simulated Telnyx as one server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from patter.simulators.caller import Clip
from patter.simulators.loopback import LoopbackServer
from patter.simulators.script import Listen, Step
from patter.simulators.telnyx.control import ControlApi
from patter.simulators.telnyx.dialling import DialRequest
from patter.simulators.telnyx.faults import Faults
from patter.simulators.telnyx.flow import Flow
from patter.simulators.telnyx.joining import join
from patter.simulators.telnyx.leg import Leg, Order
from patter.simulators.telnyx.rest import RestApi
from patter.simulators.telnyx.webhooks import Webhooks
from patter.simulators.telnyx.world import (
    Account,
    Application,
    Number,
    Phone,
    Profile,
    SigningKey,
    World,
    new_id,
)
from patter.simulators.voice import ToneVoice, Voice, prepare

MAX_CALL_S = 120.0
MAX_KEPT_CALLS = 2000


class TelnyxSimulator:
    """Use as ``async with TelnyxSimulator() as sim``, or ``start`` and ``stop``.

    Args:
        port: 0 takes a free one; ``base_url`` says which, and its REST interface is under ``/v2``.
        max_call_s: no call lasts longer.
        voice: how the callers speak.
        webhook_budget_s: how long the application may take to answer.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        max_call_s: float = MAX_CALL_S,
        voice: Voice | None = None,
        webhook_budget_s: float = 2.0,
    ) -> None:
        self.world = World()
        self.calls: dict[str, Leg] = {}
        self._flows: dict[str, Flow] = {}
        self._max_call_s = max_call_s
        self._voice = voice or ToneVoice()
        self._webhooks = Webhooks(webhook_budget_s)
        self._running: set[asyncio.Task[None]] = set()
        self.routes: list[Route] = [*RestApi(self).routes(), *ControlApi(self).routes()]
        self._server = LoopbackServer(Starlette(routes=self.routes), port)

    async def __aenter__(self) -> TelnyxSimulator:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        return self.world.base_url

    async def start(self) -> None:
        """Returns when the server answers. Raises OSError when the port is taken."""
        await self._server.start()
        self.world.base_url = self._server.base_url

    async def stop(self) -> None:
        """End every call, with its webhooks, and the server."""
        await self.hang_up_everything()
        await self._server.stop()

    async def hang_up_everything(self) -> None:
        """For who serves ``routes`` on a server of their own: nothing goes on afterwards."""
        for leg in self.calls.values():
            leg.end("shutdown")
        if self._running:
            await asyncio.wait(self._running, timeout=3)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._webhooks.close()

    # -- what exists ----------------------------------------------------------------------------

    def add_account(self, api_key: str, *, seed: bytes | None = None, concurrent_calls: int = 100) -> Account:
        """Its signing key follows from the API key, or from ``seed``; ``account.key.public_key`` is shown."""
        known = self.world.accounts.get(api_key)
        if known is not None:
            return known
        key = SigningKey(seed) if seed else SigningKey.of(api_key)
        account = Account(api_key, key, concurrent_calls)
        self.world.accounts[api_key] = account
        return account

    def add_application(
        self, connection_id: str, api_key: str, webhook_url: str = "", *, dials: bool = True, **more: Any
    ) -> Application:
        """``dials``: it has an outbound voice profile. ``more``: failover_url, name."""
        if api_key not in self.world.accounts:
            raise ValueError("no such account")
        profile = Profile(new_id()) if dials else None
        application = Application(
            connection_id, self.world.accounts[api_key], webhook_url, profile=profile, **more
        )
        self.world.applications[connection_id] = application
        return application

    def add_number(self, number: str, api_key: str, connection_id: str = "") -> Number:
        if api_key not in self.world.accounts:
            raise ValueError("no such account")
        added = Number(number, self.world.accounts[api_key], connection_id)
        self.world.numbers[number] = added
        return added

    def add_phone(self, phone: Phone) -> Phone:
        self.world.phones[phone.number] = phone
        return phone

    # -- calls ----------------------------------------------------------------------------------

    def flow_of(self, call_control_id: str) -> Flow | None:
        return self._flows.get(call_control_id)

    async def dial_in(
        self,
        to: str,
        from_: str,
        steps: Sequence[Step] = (),
        *,
        profile: frozenset[str] = frozenset(),
        faults: Faults | None = None,
        headers: Mapping[str, str] | None = None,
        time_limit_s: float = MAX_CALL_S,
    ) -> Leg:
        """A person calls one of the numbers. Returns while it rings. Raises ValueError."""
        number = self.world.numbers.get(to)
        application = self.world.applications.get(number.connection_id) if number else None
        if application is None or not application.webhook_url:
            raise ValueError(f"nobody answers {to}: give its connection a webhook address")
        rows = [{"name": name, "value": value} for name, value in (headers or {}).items()]
        order = Order(
            application=application,
            direction="incoming",
            from_=from_,
            to=to,
            clips=await prepare(steps, self._voice),
            phone=Phone(from_, profile=profile, faults=faults or Faults()),
            webhook_url=application.webhook_url,
            custom_headers=rows,
            time_limit_s=time_limit_s,
        )
        return self._carry(Leg(order)).leg

    async def dial_out(self, account: Account, request: DialRequest) -> Leg:
        phone = self.world.phone(request.to)
        order = Order(
            application=request.application,
            direction="outgoing",
            from_=request.from_,
            to=request.to,
            clips=await prepare(phone.steps, self._voice),
            phone=phone,
            webhook_url=request.webhook_url,
            custom_headers=request.headers,
            detection=request.detection,
            ring_timeout_s=request.timeout_s,
            time_limit_s=request.time_limit_s,
        )
        return self._carry(Leg(order, request.client_state)).leg

    def connect(self, flow: Flow, body: Mapping[str, Any]) -> Leg:
        """Dial another leg for one that is to be transferred, and join both when it is answered."""
        leg = flow.leg
        phone = self.world.phone(str(body["to"]))
        order = Order(
            application=leg.order.application,
            direction="outgoing",
            from_=str(body.get("from") or leg.order.to),
            to=phone.number,
            clips=(Clip(Listen()),),
            phone=phone,
            webhook_url=str(body.get("webhook_url") or leg.webhook_url),
            custom_headers=tuple(body.get("custom_headers") or ()),
            ring_timeout_s=float(body.get("timeout_secs") or 30),
            session_id=leg.session_id,
        )
        if after_s := leg.order.faults.leaves_transfer_after_s:
            asyncio.get_running_loop().call_later(after_s, leg.end, "caller_hung_up")
        other = self._carry(Leg(order, body.get("target_leg_client_state")))
        flow.beside(join(flow, other, parks=body.get("park_after_unbridge") == "self"))
        return other.leg

    def _carry(self, leg: Leg) -> Flow:
        self._forget_old_calls()
        flow = Flow(leg, self.world, self._webhooks, self._max_call_s)
        self.calls[leg.id], self._flows[leg.id] = leg, flow
        task = asyncio.create_task(flow.run(), name=leg.id)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return flow

    def _forget_old_calls(self) -> None:
        """A simulator may run for days: only the newest calls keep their audio."""
        for leg_id in [one for one, leg in self.calls.items() if leg.finished.is_set()][:-MAX_KEPT_CALLS]:
            del self.calls[leg_id], self._flows[leg_id]
