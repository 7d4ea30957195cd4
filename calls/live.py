"""The calls that this process carries.

A call outlives its media socket: when the carrier opens another one, the same session goes on with it.
So sessions live here, each in a task with a name, and sockets come and go.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from weakref import WeakSet

import structlog
from django.conf import settings

from calls.adapters.call_log import CallLog, LogWriter
from calls.adapters.controls import control_of
from calls.adapters.courier import CallCourier
from calls.adapters.replies import ReplyRelay
from calls.adapters.threads import open_in_thread
from calls.assembly import Ready, make_session, tools_of
from calls.control_line import ControlLine
from calls.selectors import hang_up_wishes
from calls.services.lease import renew_leases
from calls.services.telnyx_calls import ask_for_stream
from patter.bridge.events import CarrierEnded, HangUpAsked
from patter.bridge.records import CallEnded
from patter.bridge.session import CallSession
from patter.carriers.leg import SocketLeg
from patter.errors import PatterError
from patter.tools.runner import Tools

logger = structlog.get_logger(__name__)

RENEW_EVERY_S = 5.0  # at most; short leases are renewed three times before they run out
GOODBYE_S = 3.0
"""For the agents to say goodbye when this process stops."""
DRAIN_S = 4.0
"""For the carriers to take on the hang-ups of those that are left."""
TELL_S = 1.0
TOOLS_S = 2.0


class LiveCall:
    """One call, its session, and what others ask of it."""

    def __init__(self, ready: Ready, writer: LogWriter) -> None:
        self.call_id = ready.plan.call_id
        self._ready = ready
        self._writer = writer
        self._control = control_of(ready)
        self.courier = CallCourier(ready.sdk)
        self.asks = ready.asks
        self._replies = ReplyRelay(ready.asks)
        self.tools = tools_of(ready)
        self.session: CallSession = make_session(ready, writer, self._control, self.courier, self.tools)
        self.task: asyncio.Task[None] | None = None

    def goes_on_over(self, ready: Ready) -> None:
        """A newer stream was opened: the carrier's addresses name that one from now on."""
        self._control.ready = ready

    async def run(self) -> None:
        """Carry the call to its end, whatever happens."""
        line = ControlLine(self.call_id, self.session.feed, self._replies)
        control = asyncio.create_task(line.run(), name=f"control {self.call_id}")
        try:
            await self.session.run()
        except Exception:
            logger.exception("A call machine failed", call=self.call_id)
            await self._abandon()
        finally:
            control.cancel()
            await asyncio.gather(control, return_exceptions=True)
            await self._replies.close()
            self.tools.end()

    async def lost_its_socket(self) -> bool:
        """Whether media flowed over a socket that is gone, or that broke without our noticing."""
        leg = self.session.leg
        return isinstance(leg, SocketLeg) and await leg.falls_silent()

    async def ask_for_stream(self) -> None:
        """The socket broke and the carrier opens another one only when it is told to. Never raises."""
        try:
            await open_in_thread(ask_for_stream, self.call_id)
        except PatterError as error:
            logger.warning("A broken stream was not opened again", call=self.call_id, reason=str(error))
        except Exception:
            logger.exception("A broken stream could not be asked for again", call=self.call_id)

    async def _abandon(self) -> None:
        """A fault of ours: hang up and write the end, so that nobody pays for a silent line."""
        ended = CallEnded("worker_lost", 0, [], [])
        CallLog(self._writer, self._ready.logged).write(ended)
        self.courier.write(ended)
        with contextlib.suppress(PatterError):
            await self._control.hang_up(self.session.carrier_call_id)
        if self.session.leg is not None:
            await self.session.leg.close()


class LiveCalls:
    """All calls of this process: found by id, their leases renewed, drained at the end."""

    def __init__(self) -> None:
        self.owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.writer = LogWriter()
        self._tools: WeakSet[Tools] = WeakSet()
        self._calls: dict[str, LiveCall] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._couriers: dict[asyncio.Task[None], CallCourier] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def carried(self, call_id: str) -> LiveCall | None:
        """The call, if its session is here and goes on."""
        live = self._calls.get(call_id)
        return live if live is not None and not live.session.over else None

    def begin(self, ready: Ready) -> LiveCall:
        """Start carrying a call."""
        self.writer.start()
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep_leases(), name="call leases")
        live = LiveCall(ready, self.writer)
        self._tools.add(live.tools)
        self._calls[live.call_id] = live
        # A task of its own: it outlives the call, for an SDK that comes back to hear of its end.
        courier = asyncio.create_task(live.courier.run(), name=f"courier {live.call_id}")
        self._couriers[courier] = live.courier
        courier.add_done_callback(self._courier_done)
        live.task = asyncio.create_task(live.run(), name=f"call {live.call_id}")
        live.task.add_done_callback(lambda _: self._calls.pop(live.call_id, None))
        return live

    def _courier_done(self, task: asyncio.Task[None]) -> None:
        self._couriers.pop(task, None)
        if not task.cancelled() and (fault := task.exception()):
            logger.error("A courier failed", task=task.get_name(), exc_info=fault)

    async def _stop_couriers(self) -> None:
        """Let SDKs hear how their calls ended, as far as the time allows."""
        couriers = dict(self._couriers)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TELL_S):
                for courier in couriers.values():
                    await courier.delivered()
        for task in couriers:
            task.cancel()
        await asyncio.gather(*couriers, return_exceptions=True)

    async def _keep_leases(self) -> None:
        while self._calls:
            await asyncio.sleep(min(RENEW_EVERY_S, settings.PATTER_LEASE_S / 3))
            mine = list(self._calls)
            try:
                kept = await open_in_thread(renew_leases, call_ids=mine, owner=self.owner)
                wishes = await open_in_thread(hang_up_wishes, kept)
            except Exception as error:  # a database that is away must not end calls
                logger.warning("Leases could not be renewed", error=type(error).__name__)
                continue
            for call_id in set(mine) - kept:
                if live := self._calls.get(call_id):
                    # Another process took the call over, or it was ended behind our back.
                    live.session.feed(CarrierEnded("caller_hung_up"))
            for call_id, reason in wishes.items():
                if live := self._calls.get(call_id):  # asked over the bus, which lost it
                    live.session.feed(HangUpAsked(reason))

    async def all_over(self) -> None:
        """Return once no call is carried here, those included that begin meanwhile."""
        while tasks := self._tasks():
            await asyncio.wait(tasks)

    async def drain(self) -> None:
        """This process stops: end what it carries with a goodbye, and write everything down."""
        await self._end_all(HangUpAsked("worker_lost", goodbye=True), GOODBYE_S)
        await self._end_all(HangUpAsked("worker_lost"), DRAIN_S)
        if self._keeper is not None:
            self._keeper.cancel()
        # A tool may outlive its call. What is cut off here is found by its row.
        tools = [tools.stop(TOOLS_S) for tools in list(self._tools)]
        await asyncio.gather(self._stop_couriers(), *tools)
        await self.writer.close()

    async def _end_all(self, asked: HangUpAsked, within_s: float) -> None:
        """Ask it of every call, and wait so long for them."""
        for live in list(self._calls.values()):
            live.session.feed(asked)
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=within_s)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [live.task for live in self._calls.values() if live.task is not None]


_live: dict[int, LiveCalls] = {}


def live_calls() -> LiveCalls:
    """The calls of this process's event loop. Tests have a loop each, and so a set of calls each."""
    loop = asyncio.get_running_loop()
    found = _live.get(id(loop))
    if found is None:
        found = _live[id(loop)] = LiveCalls()
    return found


async def let_calls_end(within_s: float, hurry: asyncio.Event) -> None:
    """Wait until no call is carried here, until so long has passed, or until there is no time any more."""
    found = _live.get(id(asyncio.get_running_loop()))
    if not found or within_s <= 0:
        return
    logger.info("Waiting for calls to end", calls=len(found), at_most_s=within_s)
    waits = [asyncio.create_task(found.all_over()), asyncio.create_task(hurry.wait())]
    await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    for task in waits:
        task.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def drain_live_calls() -> None:
    """For the server's end. Harmless when nothing was ever carried."""
    found = _live.pop(id(asyncio.get_running_loop()), None)
    if found is not None:
        await found.drain()
