"""The simulated Twilio as one server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from patter.simulators.loopback import LoopbackServer
from patter.simulators.script import Step
from patter.simulators.twilio.call import Call, Order, Source
from patter.simulators.twilio.control import ControlApi
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.flow import Flow
from patter.simulators.twilio.params import CallRequest
from patter.simulators.twilio.rest import RestApi
from patter.simulators.twilio.verbs import run_verbs
from patter.simulators.twilio.webhooks import Webhooks
from patter.simulators.twilio.world import Account, Number, Phone, World
from patter.simulators.voice import ToneVoice, Voice, prepare

MAX_CALL_S = 120.0
MAX_KEPT_CALLS = 2000


class TwilioSimulator:
    """Use as ``async with TwilioSimulator() as sim``, or ``start`` and ``stop``.

    Args:
        port: 0 takes a free one; ``base_url`` says which.
        max_call_s: no call lasts longer.
        voice: how the callers speak.
        webhook_budget_s: how long the application may take to answer.
        beside: the routes of other simulated carriers, by name, served at the same address.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        max_call_s: float = MAX_CALL_S,
        voice: Voice | None = None,
        webhook_budget_s: float = 15.0,
        beside: Mapping[str, Sequence[Route]] | None = None,
    ) -> None:
        beside = beside or {}
        self.world = World()
        self.carriers = ["twilio", *beside]
        self.calls: dict[str, Call] = {}
        self._max_call_s = max_call_s
        self._voice = voice or ToneVoice()
        self._webhooks = Webhooks(webhook_budget_s)
        self._running: set[asyncio.Task[None]] = set()
        self._next_dial: dict[str, float] = {}
        # The others first: their addresses are longer, and some of Twilio's would swallow them.
        others = [route for routes in beside.values() for route in routes]
        routes = [*others, *RestApi(self).routes(), *ControlApi(self).routes()]
        self._server = LoopbackServer(Starlette(routes=routes), port)

    async def __aenter__(self) -> TwilioSimulator:
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
        """End every call, with its callbacks, and the server."""
        for call in self.calls.values():
            call.end("shutdown")
        if self._running:
            await asyncio.wait(self._running, timeout=3)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._server.stop()
        await self._webhooks.close()

    # -- what exists ----------------------------------------------------------------------------

    def add_account(
        self, account_sid: str, auth_token: str, name: str = "Simulated account", **more: Any
    ) -> Account:
        """``more``: status, kind (Full or Trial), calls_per_second, most_calls."""
        account = Account(account_sid, auth_token, name, **more)
        self.world.accounts[account_sid] = account
        return account

    def add_number(self, number: str, account_sid: str, voice_url: str = "", **more: Any) -> Number:
        """``more``: status_callback, voice_method, voice_fallback_url, friendly_name."""
        if account_sid not in self.world.accounts:
            raise ValueError(f"no such account: {account_sid}")
        added = Number(number, account_sid, voice_url, **more)
        self.world.numbers[number] = added
        return added

    def add_phone(self, phone: Phone) -> Phone:
        self.world.phones[phone.number] = phone
        return phone

    # -- calls ----------------------------------------------------------------------------------

    async def dial_in(
        self,
        to: str,
        from_: str,
        steps: Sequence[Step] = (),
        *,
        account_sid: str | None = None,
        voice_url: str | None = None,
        profile: frozenset[str] = frozenset(),
        faults: Faults | None = None,
        time_limit_s: float = MAX_CALL_S,
    ) -> Call:
        """A person calls one of the numbers. Returns while it rings. Raises ValueError."""
        number = self.world.numbers.get(to)
        account = self.world.accounts.get(account_sid or (number.account_sid if number else ""))
        url = voice_url or (number.voice_url if number else "")
        if account is None or not url:
            raise ValueError(f"nobody answers {to}: register the number, or give account and voice_url")
        order = Order(
            account=account,
            direction="inbound",
            from_=from_,
            to=to,
            source=Source(
                url=url,
                method=number.voice_method if number and not voice_url else "POST",
                fallback_url=number.voice_fallback_url if number else "",
            ),
            clips=await prepare(steps, self._voice),
            status_callback=number.status_callback if number else "",
            time_limit_s=time_limit_s,
            profile=profile,
            faults=faults or Faults(),
        )
        return self._carry(order)

    async def dial_out(self, account: Account, request: CallRequest) -> Call:
        phone = self.world.phone(request.to)
        order = Order(
            account=account,
            direction="outbound-api",
            from_=request.from_,
            to=request.to,
            source=Source(request.url, request.method, request.fallback_url, request.twiml),
            clips=await prepare(phone.steps, self._voice),
            status_callback=request.status_callback,
            status_events=request.status_events,
            behaviour=phone.behaviour,
            queued_s=self._queued_s(account),
            answer_after_s=phone.answer_after_s,
            ring_timeout_s=request.timeout_s,
            time_limit_s=request.time_limit_s,
            profile=phone.profile,
            faults=phone.faults,
            phone=phone,
            detection=request.detection,
        )
        return self._carry(order)

    def _queued_s(self, account: Account) -> float:
        """How long a call waits before it is dialled, behind those that the account asked for before."""
        if account.calls_per_second is None:
            return 0.0
        now = asyncio.get_running_loop().time()
        begins = max(now, self._next_dial.get(account.account_sid, now))
        self._next_dial[account.account_sid] = begins + 1 / account.calls_per_second
        return begins - now

    def _carry(self, order: Order) -> Call:
        call = Call(order)
        self._forget_old_calls()
        self.calls[call.sid] = call
        flow = Flow(call, self.world, self._webhooks, run_verbs, self._max_call_s)
        task = asyncio.create_task(flow.run(), name=call.sid)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return call

    def _forget_old_calls(self) -> None:
        """A simulator may run for days: only the newest calls keep their audio."""
        for sid in [sid for sid, call in self.calls.items() if call.finished.is_set()][:-MAX_KEPT_CALLS]:
            del self.calls[sid]
