"""The calls of one ``serve()``: each from the first ring to its one end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patter.bridge.away import digits_problem
from patter.bridge.events import (
    CarrierEnded,
    DigitsAsked,
    Event,
    HangUpAsked,
    LegOpened,
    SayAsked,
    TransferAsked,
)
from patter.bridge.plan import CallPlan
from patter.bridge.records import CallEnded
from patter.bridge.session import CallSession
from patter.call import Call
from patter.engines.convai.ask_line import AskLine
from patter.errors import ConfigError, PatterError
from patter.guardrails import read_guardrails
from patter.handlers import HandlerRunner
from patter.local.assembly import Around, make_session
from patter.local.carrier import LocalCarrier
from patter.local.handler import LocalHandler
from patter.local.log import LocalLog, TransferBook
from patter.local.plan import CallFacts, checked_params, plan_of, toolbox_of, variables_of
from patter.local.recording import RecordingFile
from patter.local.specs import Keys
from patter.local.tokens import StreamTokens
from patter.options import CallOptions, Listeners
from patter.tools.spec import ToolContext
from patter.types import Agent

if TYPE_CHECKING:
    from patter.tools.runner import Tools

logger = logging.getLogger("patter")

MOST_CALLS = 500
"""At once. Beyond, callers hear the busy tone."""
MEDIA_WITHIN_S = 30.0
"""From the answer to the first media socket. A carrier that opens none has lost the call."""
DRAIN_S = 4.0
MOST_SHOWN_ENDED = 20


class MediaRefused(Exception):
    """The socket is not opened. ``code`` is unknown_call, used, wrong_carrier_call or call_over."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Opening:
    """What a media socket says of itself. ``problem``: why nothing of its stream could be understood.

    ``reconnects``: the carrier opens a broken socket again with the token of the first.
    """

    call_id: str
    started: LegOpened
    problem: str = ""
    reconnects: bool = False


@dataclass(frozen=True, slots=True)
class Serving:
    """What all calls of one ``serve()`` share."""

    agent: Agent
    keys: Keys
    listeners: Listeners = field(default_factory=Listeners)
    recording: bool = False
    recordings_dir: Path = Path("recordings")


class LocalCall:
    """One call: its facts, its plan, and its session once media flows."""

    def __init__(self, plan: CallPlan, agent: Agent, log: LocalLog, call: Call) -> None:
        self.plan = plan
        self.agent = agent
        self.log = log
        self.public = call
        self.wishes: CallOptions | None = None
        self.tokens = StreamTokens(asyncio.get_running_loop().time)
        self.carrier_call_id = ""
        self.session: CallSession | None = None
        self.task: asyncio.Task[None] | None = None
        self.recording: RecordingFile | None = None
        self.deadline: asyncio.TimerHandle | None = None
        self.tools: Tools | None = None
        self.picked_up = False
        self.asks = AskLine()
        self.sockets = 0
        """Media sockets that are open now."""

    @property
    def id(self) -> str:
        return self.plan.call_id

    @property
    def transfers(self) -> TransferBook:
        return self.log.transfers

    @property
    def over(self) -> bool:
        return self.log.end is not None

    def feed(self, event: Event) -> bool:
        """Tell the session. False while, or once, there is none."""
        if self.session is None or self.session.over:
            return False
        self.session.feed(event)
        return True

    def end(self, reason: str) -> None:
        """A call that never had a session is over. Harmless for any other."""
        self.stop_waiting()
        if self.session is None:
            self.log.write(CallEnded(reason, 0, [], []))

    def stop_waiting(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None


class LocalCalls:
    """Found by our id or the carrier's, carried, and drained at the end. Meets ``CallActions``."""

    def __init__(self, serving: Serving, carrier: LocalCarrier) -> None:
        self._serving = serving
        self._carrier = carrier
        self._runner = HandlerRunner(on_message) if (on_message := serving.listeners.on_message) else None
        self._calls: dict[str, LocalCall] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.ended: deque[LocalCall] = deque(maxlen=MOST_SHOWN_ENDED)
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
        facts = CallFacts(_new_id(), "inbound", caller, callee, params)
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
        agent = options.agent or self._serving.agent
        params = checked_params(options.custom_params)
        facts = CallFacts(_new_id(), "outbound", caller, options.to, params)
        call = self._begin(facts, agent, options)
        call.log.moved("dialling")
        try:
            ring_s = await self._carrier.dial(call)
        except BaseException:
            call.end("carrier_error")
            raise
        if not call.over and call.session is None:
            self._expect_media(call, ring_s + MEDIA_WITHIN_S)
        return call.public

    def _begin(self, facts: CallFacts, agent: Agent, wishes: CallOptions | None) -> LocalCall:
        serving = self._serving
        plan = plan_of(
            agent,
            facts,
            serving.keys,
            reply_by=self.reply_by,
            record=serving.recording,
            wishes=wishes,
        )
        public = Call(
            facts.call_id, self, caller=facts.caller, callee=facts.callee, direction=facts.direction
        )
        public.custom_params = dict(facts.custom_params)
        public.variables = variables_of(agent, facts, wishes)
        told = {
            "call_id": facts.call_id,
            "caller": facts.caller,
            "callee": facts.callee,
            "direction": facts.direction,
            "mode": plan.mode,
            "custom_params": dict(facts.custom_params),
            "variables": dict(public.variables),
            "metadata": dict((wishes and wishes.metadata) or {}),
        }
        recording = RecordingFile(serving.recordings_dir, facts.call_id) if plan.record else None
        log = LocalLog(told, serving.listeners, recording, lambda end: self._over(call, end))
        call = LocalCall(plan, agent, log, public)
        call.wishes, call.recording = wishes, recording
        context = ToolContext(facts.call_id, facts.caller, facts.callee, facts.direction)
        call.tools = toolbox_of(agent, public.variables).runner(context)
        self._calls[call.id] = call
        return call

    @property
    def reply_by(self) -> str:
        return "handler" if self._runner is not None else "model"

    def _expect_media(self, call: LocalCall, within_s: float) -> None:
        loop = asyncio.get_running_loop()
        call.deadline = loop.call_later(within_s, lambda: self._given_up(call))

    def _given_up(self, call: LocalCall) -> None:
        logger.warning("A call never got its media socket", extra={"call": call.id})
        call.end("carrier_error")
        self.keep(self._hang_up(call))

    # -- media ------------------------------------------------------------------------------------

    def open(self, opening: Opening) -> LocalCall:
        """The call that a media stream belongs to, carried from now on. Raises MediaRefused."""
        call, started = self.found(opening.call_id), opening.started
        if call is None:
            raise MediaRefused("unknown_call")
        if call.carrier_call_id and call.carrier_call_id != started.carrier_call_id:
            raise MediaRefused("wrong_carrier_call")
        again = opening.reconnects and call.session is not None and not call.sockets
        if not call.tokens.use(started.parameters.get("token", ""), again=again):
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

    def of_carrier(self, carrier_call_id: str) -> LocalCall | None:
        calls = self._calls.values()
        return next(
            (call for call in calls if carrier_call_id and call.carrier_call_id == carrier_call_id), None
        )

    # -- what can be done to a call -----------------------------------------------------------------

    async def hang_up(self, call_id: str) -> None:
        call = self._running(call_id)
        if not call.feed(HangUpAsked("api_hung_up")):
            call.end("api_hung_up")
            await self._carrier.control(call).hang_up(call.carrier_call_id)

    async def say(self, call_id: str, text: str) -> None:
        self._tell(call_id, SayAsked(text))

    async def send_digits(self, call_id: str, digits: str) -> None:
        if problem := digits_problem(digits):
            raise ConfigError(problem)
        self._tell(call_id, DigitsAsked(digits))

    async def transfer(self, call_id: str, to: str, summary: str) -> None:
        call = self._running(call_id)
        if call.plan.transfers.find(to) is None:
            raise ConfigError(call.plan.transfers.refusal(to))
        self._tell(call_id, TransferAsked(to, summary=summary))

    def _tell(self, call_id: str, event: Event) -> None:
        if not self._running(call_id).feed(event):
            raise PatterError(f"The call {call_id} is not connected.")

    def _running(self, call_id: str) -> LocalCall:
        call = self.found(call_id)
        if call is None:
            raise PatterError(f"The call {call_id} is over.")
        return call

    # -- ends -------------------------------------------------------------------------------------

    def carrier_ended(self, call: LocalCall, cause: str) -> None:
        """The carrier says that it is over, outside of the media socket."""
        if not call.feed(CarrierEnded(cause)):
            call.end(cause)

    def _over(self, call: LocalCall, end: dict[str, Any]) -> None:
        call.stop_waiting()
        self._calls.pop(call.id, None)
        self.ended.append(call)
        call.public.finish(end)
        if call.tools is not None:
            call.tools.end()
        self.keep(self._wind_up(call))

    async def _wind_up(self, call: LocalCall) -> None:
        if call.recording is not None:
            await call.recording.finish()
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
        """No new calls; every call ends, once, and its callbacks and its recording with it."""
        self.stopping = True
        carried = []
        for call in self.live:
            if call.feed(HangUpAsked("worker_lost")):
                carried.append(call.task)
            else:
                call.end("worker_lost")
                self.keep(self._hang_up(call))
        if tasks := [task for task in carried if task is not None]:
            await asyncio.wait(tasks, timeout=DRAIN_S)
        if self._runner is not None:
            await self._runner.close()
        while self._closing:
            await asyncio.wait(self._closing)


def _new_id() -> str:
    return f"call_{secrets.token_hex(12)}"
