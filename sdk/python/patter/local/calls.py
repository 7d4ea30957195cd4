"""The calls of one ``serve()``: each from the first ring to its one end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.events import CarrierEnded, HangUpAsked, LegOpened
from patter.bridge.records import CallEnded
from patter.bridge.session import CallSession
from patter.call import Call
from patter.carriers.leg import SocketLeg
from patter.errors import ConfigError, PatterError
from patter.guardrails import read_guardrails
from patter.handlers import HandlerRunner
from patter.local.actions import LocalActions
from patter.local.assembly import Around, make_session
from patter.local.call import LocalCall, Serving, is_call_id, new_call, new_call_id
from patter.local.carrier import LocalCarrier
from patter.local.carrier_recordings import CarrierRecordings
from patter.local.handler import LocalHandler
from patter.local.log import TransferBook
from patter.local.placed import PlacedCalls
from patter.local.plan import CallFacts, checked_params
from patter.options import CallOptions
from patter.types import Agent

logger = logging.getLogger("patter")

MOST_CALLS = 500
"""At once. Beyond, callers hear the busy tone."""
MEDIA_WITHIN_S = 30.0
"""From the answer to the first media socket. A carrier that opens none has lost the call."""
GOODBYE_S = 5.0
"""For the agents to say goodbye when serving ends."""
DRAIN_S = 6.0
"""For hang-ups to be taken on by the carrier, with their own deadline."""
MOST_SHOWN_ENDED = 20
MOST_LEFT = 500
"""Ended calls that had a transfer: a human's leg may come when nobody waits for it any more."""
MOST_CARRIED = 2000
"""Ended calls, by their ids: what comes late about them, or once more, is no news."""


class MediaRefused(Exception):
    """The socket is not opened. ``code`` is unknown_call, used, wrong_carrier_call or call_over."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Opening:
    """What a media socket says of itself. ``problem``: why nothing of its stream could be understood.

    ``reconnects``: the call's socket is gone or silent, and the carrier opens it again with the same token.
    """

    call_id: str
    started: LegOpened
    problem: str = ""
    reconnects: bool = False


class LocalCalls:
    """Found by our id or the carrier's, carried, and drained at the end."""

    def __init__(self, serving: Serving, carrier: LocalCarrier) -> None:
        self._serving = serving
        self._carrier = carrier
        self._runner = HandlerRunner(on_message) if (on_message := serving.listeners.on_message) else None
        self._calls: dict[str, LocalCall] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.actions = LocalActions(self, carrier)
        self.recordings = CarrierRecordings(carrier.download_recording, serving.recordings_dir)
        self.ended: deque[LocalCall] = deque(maxlen=MOST_SHOWN_ENDED)
        self._left: dict[str, TransferBook] = {}
        self._carried: deque[str] = deque(maxlen=MOST_CARRIED)
        self._past: deque[str] = deque(maxlen=MOST_CARRIED)
        self._placed = PlacedCalls()
        self.stopping = False

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def live(self) -> list[LocalCall]:
        return list(self._calls.values())

    # -- beginnings -------------------------------------------------------------------------------

    def arrived(
        self, carrier_call_id: str, caller: str, callee: str, params: Mapping[str, str]
    ) -> LocalCall | None:
        """A caller, the same one when the carrier asks again. None: no more calls can be taken."""
        known = self.of_carrier(carrier_call_id)
        if known is not None:
            return known
        if self.stopping or len(self._calls) >= MOST_CALLS:
            return None
        facts = CallFacts(new_call_id(), "inbound", caller, callee, params)
        call = self._begin(facts, self._serving.agent, None)
        call.carrier_call_id = carrier_call_id
        self._expect_media(call, MEDIA_WITHIN_S)
        return call

    async def place(self, options: CallOptions, caller: str) -> Call:
        """Dial. Returns once the carrier took it on. Raises ConfigError and CarrierError."""
        if self.stopping or len(self._calls) >= MOST_CALLS:
            raise ConfigError("No more calls can be placed now.")
        if options.agent is not None and not isinstance(options.agent, Agent):
            raise ConfigError("agent is what phone.agent(...) returns.")
        key = options.idempotency_key
        if (placed := self._placed.find(key, options.to)) is not None:
            return placed
        agent = options.agent or self._serving.agent
        params = checked_params(options.custom_params)
        facts = CallFacts(new_call_id(), "outbound", caller, options.to, params)
        call = self._begin(facts, agent, options)
        self._placed.note(key, call.public)
        call.log.moved("dialling")
        try:
            ring_s = await self._carrier.dial(call)
        except BaseException:
            self._placed.forget(key)
            call.end("carrier_error")
            raise
        if call.over:  # it was given up while the carrier took it on
            await self._hang_up(call)
        elif call.session is None:
            self._expect_media(call, ring_s + MEDIA_WITHIN_S)
        return call.public

    def _begin(self, facts: CallFacts, agent: Agent, wishes: CallOptions | None) -> LocalCall:
        read_guardrails(agent.guardrails)  # what is wrong with one is said before anybody is phoned
        call = new_call(self._serving, facts, agent, wishes, actions=self.actions, on_end=self._over)
        self._calls[call.id] = call
        return call

    def _expect_media(self, call: LocalCall, within_s: float) -> None:
        loop = asyncio.get_running_loop()
        call.deadline = loop.call_later(within_s, lambda: self._given_up(call))

    def _given_up(self, call: LocalCall) -> None:
        logger.warning("A call never got its media socket", extra={"call": call.id})
        call.end("carrier_error")
        self.keep(self._hang_up(call))

    # -- media ------------------------------------------------------------------------------------

    async def lost_its_socket(self, call_id: str) -> bool:
        """Whether media flowed over a socket that is gone, or that broke without our noticing."""
        call = self.found(call_id)
        if call is None or call.session is None:
            return False
        leg = call.session.leg
        return not call.sockets or (isinstance(leg, SocketLeg) and await leg.falls_silent())

    def open(self, opening: Opening) -> LocalCall:
        """The call that a media stream belongs to, carried from now on. Raises MediaRefused."""
        call, started = self.found(opening.call_id), opening.started
        if call is None:
            raise MediaRefused("unknown_call")
        if call.carrier_call_id and call.carrier_call_id != started.carrier_call_id:
            raise MediaRefused("wrong_carrier_call")
        if not call.tokens.use(started.parameters.get("token", ""), again=opening.reconnects):
            raise MediaRefused("used")
        if opening.problem:
            logger.error("A call cannot be understood: %s", opening.problem, extra={"call": call.id})
            call.end("carrier_error")
            self.keep(self._hang_up(call))
            raise MediaRefused("codec_unknown")
        if call.session is not None and call.session.over:
            raise MediaRefused("call_over")
        call.carrier_call_id = started.carrier_call_id
        call.stop_waiting()
        if call.session is None:
            call.session = make_session(call.plan, self._around(call))
            for event in call.early:
                call.session.feed(event)
            call.task = asyncio.create_task(self._carry(call, call.session), name=f"call {call.id}")
        return call

    async def ask_for_stream(self, call: LocalCall) -> None:
        """The stream ended without a word, and this carrier opens no other by itself."""
        with contextlib.suppress(PatterError):
            await self._carrier.open_stream(call)

    def _around(self, call: LocalCall) -> Around:
        handler = LocalHandler(self._runner, call.plan, call.public) if self._runner is not None else None
        return Around(
            control=self._carrier.control(call),
            transfers=self._carrier.transfers(call),
            log=call.log,
            handler=handler,
            tools=call.tools,
            guardrails=read_guardrails(call.agent.guardrails),
            asks=call.asks,
        )

    async def _carry(self, call: LocalCall, session: CallSession) -> None:
        try:
            await session.run()
        except Exception as error:
            logger.error("A call machine failed", exc_info=error, extra={"call": call.id})
            call.log.write(CallEnded("worker_lost", 0, [], []))
            await self._hang_up(call)
            if session.leg is not None:
                await session.leg.close()

    # -- found ------------------------------------------------------------------------------------

    def found(self, call_id: str) -> LocalCall | None:
        return self._calls.get(call_id)

    def is_for_nobody(self, call_id: str) -> bool:
        """Whether a call of ours that comes to life at the carrier was given up here: its answer was lost."""
        return is_call_id(call_id) and call_id not in self._calls and call_id not in self._carried

    def is_past(self, carrier_call_id: str) -> bool:
        """Whether the carrier's call was one of ours and is over: told of once more, it is no new call."""
        return carrier_call_id in self._past

    def transfers_of(self, call_id: str) -> TransferBook | None:
        """Also of a call that is over."""
        call = self._calls.get(call_id)
        return call.transfers if call is not None else self._left.get(call_id)

    def of_carrier(self, carrier_call_id: str) -> LocalCall | None:
        calls = self._calls.values()
        return next(
            (call for call in calls if carrier_call_id and call.carrier_call_id == carrier_call_id), None
        )

    # -- ends -------------------------------------------------------------------------------------

    def carrier_ended(self, call: LocalCall, cause: str) -> None:
        """The carrier says that it is over, outside of the media socket."""
        if not call.feed(CarrierEnded(cause)):
            call.end(cause)

    def _over(self, call: LocalCall, end: dict[str, Any]) -> None:
        call.stop_waiting()
        self._calls.pop(call.id, None)
        self.ended.append(call)
        if call.carrier_call_id:
            self._past.append(call.carrier_call_id)
        if call.session is not None:
            self._carried.append(call.id)
        if call.transfers:
            self._left[call.id] = call.transfers
            if len(self._left) > MOST_LEFT:
                del self._left[next(iter(self._left))]
        if call.plan.carrier_records and call.session is not None:
            self.recordings.expect(call.id, call.log.recorded)
        if call.tools is not None:
            call.tools.end()
        if call.recording is None:
            self._tell_end(call, end)
        self.keep(self._wind_up(call, end))

    def _tell_end(self, call: LocalCall, end: dict[str, Any]) -> None:
        call.public.finish(end)
        call.log.tell_end(end)

    async def _wind_up(self, call: LocalCall, end: dict[str, Any]) -> None:
        if call.recording is not None:
            await call.recording.finish()  # whoever is told of the end may open the file at once
            self._tell_end(call, end)
        await call.log.callbacks.finish()
        if call.tools is not None:
            await call.tools.finished()

    async def _hang_up(self, call: LocalCall) -> None:
        if call.carrier_call_id:
            with contextlib.suppress(PatterError):
                await self._carrier.control(call).hang_up(call.carrier_call_id)

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this beside the calls, and before serving ends."""
        task = asyncio.create_task(work, name="beside a call")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def drain(self) -> None:
        """No new calls; every call ends with a goodbye, once, and its callbacks and its recording with it."""
        self.stopping = True
        await self._end_all(HangUpAsked("worker_lost", goodbye=True), GOODBYE_S)
        await self._end_all(HangUpAsked("worker_lost"), DRAIN_S)
        for call in self.live:  # the carrier does not answer: it ends here all the same
            call.log.write(CallEnded("worker_lost", 0, [], []))
            if call.task is not None:
                call.task.cancel()
        self.recordings.close()
        if self._runner is not None:
            await self._runner.close()
        while self._closing:
            await asyncio.wait(self._closing)

    async def _end_all(self, asked: HangUpAsked, within_s: float) -> None:
        """Ask it of every call, and wait so long for those that are carried."""
        carried = []
        for call in self.live:
            if call.feed(asked):
                carried.append(call.task)
            else:
                call.end(asked.reason)
                self.keep(self._hang_up(call))
        if tasks := [task for task in carried if task is not None]:
            await asyncio.wait(tasks, timeout=within_s)
