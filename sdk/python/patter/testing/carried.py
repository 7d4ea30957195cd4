"""Whole calls over real sockets: a simulated Twilio dials, and our own bridge carries each call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from patter.bridge.call import CallMachine
from patter.bridge.engine import Engine, Parts
from patter.bridge.events import CarrierEnded
from patter.bridge.plan import CallPlan
from patter.bridge.records import CallEnded, Noted, TurnSettled
from patter.bridge.session import CallSession, Performers
from patter.carriers.kinds import STREAM_KINDS
from patter.carriers.media import MediaSocket
from patter.carriers.twilio.markup import connect_stream
from patter.carriers.twilio.rest import TwilioRest
from patter.errors import CarrierError
from patter.simulators.loopback import LoopbackServer
from patter.simulators.script import Step
from patter.simulators.twilio import TwilioSimulator
from patter.simulators.twilio.call import Call
from patter.testing.fakes import FakeLog

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef"
OUR, ADA = "+15550001111", "+15550002222"
ENDED_WITHIN_S = 20.0


@dataclass
class CarriedCall:
    """One call as both of its ends saw it."""

    phone: Call
    session: CallSession
    log: FakeLog
    running: asyncio.Task[None] = field(repr=False)

    async def ended(self, within_s: float = ENDED_WITHIN_S) -> CallEnded:
        """Wait for the end; how the call went."""
        await asyncio.wait_for(self.running, within_s)
        await asyncio.wait_for(self.phone.finished.wait(), within_s)
        end = self.log.entries[-1]
        assert isinstance(end, CallEnded), "the end is the last entry"
        return end

    def entries(self, kind: type[Any]) -> list[Any]:
        return [entry for entry in self.log.entries if isinstance(entry, kind)]

    @property
    def turns(self) -> list[tuple[str, str]]:
        return [(turn.role, turn.text) for turn in self.entries(TurnSettled)]

    def noted(self, kind: str) -> list[dict[str, Any]]:
        return [dict(note.data) for note in self.entries(Noted) if note.kind == kind]


class CarriedCalls:
    """Use as ``async with CarriedCalls(engine) as calls``.

    Args:
        engine: makes what listens and speaks.
    """

    def __init__(self, engine: Callable[[Parts], Engine]) -> None:
        self._engine = engine
        self._sim = TwilioSimulator(webhook_budget_s=5)
        routes = [
            Route("/{about}", self._hook, methods=["POST"]),
            WebSocketRoute("/media", self._Media(self)),
        ]
        self._server = LoopbackServer(Starlette(routes=routes))
        self._next: tuple[CallPlan, Performers] | None = None
        self._started: asyncio.Future[tuple[CallSession, FakeLog, asyncio.Task[None]]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> CarriedCalls:
        await self._server.start()
        await self._sim.start()
        self._sim.add_account(ACCOUNT, TOKEN)
        self._sim.add_number(OUR, ACCOUNT, f"{self._server.base_url}/voice")
        self._sim.world.numbers[OUR].status_callback = f"{self._server.base_url}/status"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._sim.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.stop()

    async def dial(self, plan: CallPlan, performers: Performers, steps: list[Step]) -> CarriedCall:
        """A person calls and does these steps. Returns when media flows."""
        self._next = (replace(plan, caller=ADA, callee=OUR), performers)
        self._started = asyncio.get_running_loop().create_future()
        phone = await self._sim.dial_in(OUR, ADA, steps)
        session, log, running = await asyncio.wait_for(self._started, ENDED_WITHIN_S)
        return CarriedCall(phone, session, log, running)

    # -- the application ----------------------------------------------------------------------------

    async def _hook(self, request: Request) -> Response:
        if request.path_params["about"] != "voice":
            return Response(status_code=204)
        address = f"{self._server.base_url}/media".replace("http://", "ws://")
        return Response(connect_stream(address, {"token": "one"}), media_type="text/xml")

    async def _carry(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        kind = STREAM_KINDS["twilio"]
        media: Any = MediaSocket(kind, kind.wire(scope), receive, send)  # type: ignore[arg-type]
        await media.accept()
        started = await media.wait_for_start()
        assert started is not None and self._next is not None and self._started is not None
        plan, performers = self._next
        log = FakeLog()
        machine = CallMachine(plan, self._engine, asyncio.get_running_loop().time())
        session = CallSession(machine, control=_Control(self._sim), performers=performers, log=log)
        running = asyncio.create_task(session.run())
        self._tasks.add(running)
        self._started.set_result((session, log, running))
        await media.carry(session, started)
        session.feed(CarrierEnded())

    class _Media:
        """A class, because Starlette takes a function for a handler of its own kind."""

        def __init__(self, calls: CarriedCalls) -> None:
            self._calls = calls

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self._calls._carry(scope, receive, send)


class _Control:
    """Meets ``CarrierControl`` at the simulated carrier."""

    def __init__(self, sim: TwilioSimulator) -> None:
        self._sim = sim

    async def hang_up(self, carrier_call_id: str) -> None:
        async with TwilioRest(ACCOUNT, TOKEN, self._sim.base_url) as rest:
            await rest.hang_up(carrier_call_id)

    async def send_digits(self, carrier_call_id: str, digits: str) -> None:
        raise CarrierError("twilio", "this home presses no keys", permanent=True)

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        async with TwilioRest(ACCOUNT, TOKEN, self._sim.base_url) as rest:
            await rest.say_and_hang_up(carrier_call_id, text, language)

    async def start_recording(self, carrier_call_id: str) -> None:
        raise CarrierError("twilio", "this home has nothing recorded at the carrier", permanent=True)
