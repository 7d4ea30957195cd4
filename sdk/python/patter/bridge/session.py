"""The one driver of a call: it feeds the machine, performs its commands, and decides nothing.

``feed`` is synchronous, so a call has one order of events and no queue of its own. Each command that
starts work becomes a task with a parent; what the work says comes back as events. A performer that
breaks its promise and raises becomes a failure event too, and never ends the session. Only a fault of
the machine itself does: ``run`` raises it, and the home hangs up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from patter.bridge.call import CallMachine
from patter.bridge.commands import (
    Clear,
    CloseLeg,
    Command,
    EndSession,
    HandlerAsk,
    HandlerStop,
    HangUp,
    LlmAsk,
    LlmStop,
    Mark,
    Note,
    Play,
    SttAudio,
    SttFinalize,
    SttOpen,
    SttStop,
    ToolRun,
    ToolStop,
    TtsSay,
    TtsStop,
)
from patter.bridge.events import (
    Event,
    HandlerFailed,
    HangUpDone,
    HangUpFailed,
    LegLost,
    LegOpened,
    LlmFailed,
    SttClosed,
    SttFailed,
    ToolDone,
    TtsFailed,
)
from patter.bridge.ports import CallLog, CarrierControl, Handler, Leg, Llm, Stt, ToolRunner, Tts
from patter.errors import PatterError

HANG_UP_TRIES = 3
HANG_UP_RETRY_S = 0.5
CARRIER_SAYS_WITHIN_S = 2.0
"""For the carrier to take a last text on. After that there is still time to hang up without it."""
CLOSE_WITHIN_S = 2.0
MOST_TIMERS = 100
"""At one moment. A machine whose timer never moves would spin, and every call beside it would suffer."""


@dataclass(frozen=True, slots=True)
class Performers:
    """Who does the work of one call. ``stt`` makes a new recogniser for each connection."""

    stt: Callable[[], Stt]
    tts: Tts
    llm: Llm | None = None
    handler: Handler | None = None
    tools: ToolRunner | None = None


class CallSession:
    """One call in this process. ``run`` lives as long as the call does."""

    def __init__(
        self, machine: CallMachine, *, control: CarrierControl, performers: Performers, log: CallLog
    ) -> None:
        self._machine = machine
        self._control = control
        self._performers = performers
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._leg: Leg | None = None
        self._carrier_call_id = ""
        self._tasks: asyncio.TaskGroup | None = None
        self._work: dict[str, asyncio.Task[None]] = {}
        self._stt: Stt | None = None
        self._stt_id = ""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._due = machine.next_timer()
        self._inbox: deque[Event] = deque()
        self._feeding = False
        self._over = asyncio.Event()
        self._error: Exception | None = None
        self._table = self._make_table()

    async def run(self) -> None:
        """Carry the call to its end. Everything that was started ends with it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._due = self._machine.next_timer()
                self._drain_inbox()
                try:
                    await self._over.wait()
                finally:
                    self._stop()
        finally:
            await self._close_voice()
        if self._error is not None:
            raise self._error

    async def _close_voice(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._performers.tts.close()
        except Exception:  # nobody is there to be told: the call is over
            return

    def attach(self, leg: Leg) -> Leg | None:
        """Take the newest media socket. Returns the one it replaces, for the caller to close."""
        old, self._leg = self._leg, leg
        return old

    @property
    def leg(self) -> Leg | None:
        return self._leg

    @property
    def carrier_call_id(self) -> str:
        """The caller's leg at the carrier; empty before the stream began."""
        return self._carrier_call_id

    @property
    def over(self) -> bool:
        return self._over.is_set()

    # -- feeding ----------------------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Something happened. Safe to call from within a performer."""
        if self.over:
            return
        self._inbox.append(event)
        # Before ``run`` there is no parent for the work that an event may start.
        if not self._feeding and self._tasks is not None:
            self._drain_inbox()

    def _drain_inbox(self) -> None:
        self._feeding = True
        try:
            while self._inbox and not self.over:
                self._one(self._inbox.popleft())
        except Exception as error:
            self._broken(error)
        finally:
            self._feeding = False
        self._set_timer()

    def _broken(self, error: Exception) -> None:
        """The machine itself failed: a fault of ours. The call ends here, and ``run`` raises it."""
        self._error = error
        self._over.set()

    def _one(self, event: Event) -> None:
        now = self._loop.time()
        self._run_timers(now)
        if isinstance(event, LegOpened):
            self._carrier_call_id = event.carrier_call_id
        self._perform(self._machine.receive(event, now))
        self._due = self._machine.next_timer()

    def _run_timers(self, now: float) -> None:
        if self._due is None or self._due > now:
            return
        for _ in range(MOST_TIMERS):
            self._perform(self._machine.handle_timer(now))
            due = self._due = self._machine.next_timer()
            if due is None or due > now or self.over:
                return
        raise RuntimeError("The machine's timer never moves.")

    def _set_timer(self) -> None:
        due = None if self.over else self._due
        # Most events only push the next time away: the one that is set wakes us up early. That is harmless.
        if self._timer is not None:
            if due is not None and self._timer_at <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            # Kept here: a handle of uvloop that is due at once does not tell its time.
            self._timer_at = due
            self._timer = self._loop.call_at(due, self._timer_due)

    def _timer_due(self) -> None:
        self._timer = None
        self._feeding = True
        try:
            self._run_timers(self._loop.time())
        except Exception as error:
            self._broken(error)
        finally:
            self._feeding = False
        self._drain_inbox()

    # -- performing -------------------------------------------------------------------------------

    def _make_table(self) -> dict[type, Callable[[Any], None]]:
        return {
            Play: self._to_leg,
            Mark: self._to_leg,
            Clear: self._to_leg,
            SttOpen: self._stt_open,
            SttAudio: self._stt_audio,
            SttFinalize: self._stt_finalize,
            SttStop: lambda command: self._cancel(command.stt_id),
            LlmAsk: self._llm_ask,
            LlmStop: lambda command: self._cancel(command.ask_id),
            HandlerAsk: self._handler_ask,
            HandlerStop: self._handler_stop,
            TtsSay: self._tts_say,
            TtsStop: lambda command: self._cancel(command.say_id),
            ToolRun: self._tool_run,
            ToolStop: lambda command: self._cancel(command.run_id),
            HangUp: self._hang_up,
            CloseLeg: self._close_leg,
            Note: lambda command: self._log.write(command.entry),
            EndSession: lambda _: self._over.set(),
        }

    def _perform(self, commands: list[Command]) -> None:
        for command in commands:
            self._table[type(command)](command)

    def _to_leg(self, command: Play | Mark | Clear) -> None:
        leg = self._leg
        if leg is not None:
            self._safely(lambda: leg.send(command), LegLost)

    def _stt_open(self, command: SttOpen) -> None:
        self._stt, self._stt_id = None, command.stt_id

        async def work() -> None:
            await stt.run(command.stt_id, self.feed)
            self.feed(SttClosed(command.stt_id))  # a recogniser that ends in silence would leave us deaf

        try:
            stt = self._stt = self._performers.stt()
        except Exception as error:
            self._later(SttFailed(command.stt_id, _told(error)))
            return
        self._start(command.stt_id, work, lambda error: SttFailed(command.stt_id, error))

    def _stt_audio(self, command: SttAudio) -> None:
        stt = self._stt
        if stt is not None and command.stt_id == self._stt_id:
            self._safely(lambda: stt.send(command.payload), lambda error: SttFailed(command.stt_id, error))

    def _stt_finalize(self, command: SttFinalize) -> None:
        stt = self._stt
        if stt is not None and command.stt_id == self._stt_id:
            self._safely(stt.finalize, lambda error: SttFailed(command.stt_id, error))

    def _llm_ask(self, command: LlmAsk) -> None:
        llm = self._performers.llm
        if llm is None:
            self._later(LlmFailed(command.ask_id, "This agent has no model.", permanent=True))
            return
        self._start(
            command.ask_id,
            lambda: llm.ask(command, self.feed),
            lambda error: LlmFailed(command.ask_id, error),
        )

    def _handler_ask(self, command: HandlerAsk) -> None:
        handler = self._performers.handler
        if handler is None:
            self._later(HandlerFailed(command.turn_id, "handler_lost", "Nothing is connected that answers."))
            return
        self._start(
            command.turn_id,
            lambda: handler.ask(command, self.feed),
            lambda error: HandlerFailed(command.turn_id, "handler_error", error),
        )

    def _handler_stop(self, command: HandlerStop) -> None:
        self._cancel(command.turn_id)
        handler = self._performers.handler
        if handler is not None:
            self._safely(
                lambda: handler.cancel(command.turn_id, command.heard),
                lambda error: HandlerFailed(command.turn_id, "handler_error", error),
            )

    def _tts_say(self, command: TtsSay) -> None:
        self._start(
            command.say_id,
            lambda: self._performers.tts.say(command.say_id, command.text, self.feed),
            lambda error: TtsFailed(command.say_id, error),
        )

    def _tool_run(self, command: ToolRun) -> None:
        tools = self._performers.tools
        if tools is None:
            self._later(ToolDone(command.run_id, {"error": f"There is no tool {command.name!r}."}, ok=False))
            return
        self._start(
            command.run_id,
            lambda: tools.run(command, self.feed),
            lambda error: ToolDone(command.run_id, {"error": error}, ok=False),
        )

    def _hang_up(self, command: HangUp) -> None:
        self._start("hang_up", lambda: self._hang_up_until_done(command), HangUpFailed)

    async def _carrier_says(self, command: HangUp) -> bool:
        try:
            async with asyncio.timeout(CARRIER_SAYS_WITHIN_S):
                await self._control.say_and_hang_up(self._carrier_call_id, command.say, command.language)
        except Exception:  # whatever it was: the call is hung up without it
            return False
        return True

    async def _hang_up_until_done(self, command: HangUp) -> None:
        if command.say and await self._carrier_says(command):
            self.feed(HangUpDone())
            return
        for attempt in range(1, HANG_UP_TRIES + 1):
            try:
                await self._control.hang_up(self._carrier_call_id)
            except PatterError as error:
                if attempt == HANG_UP_TRIES or getattr(error, "permanent", False):
                    self.feed(HangUpFailed(str(error)))
                    return
                await asyncio.sleep(HANG_UP_RETRY_S * attempt)
            else:
                self.feed(HangUpDone())
                return

    def _close_leg(self, _command: CloseLeg) -> None:
        leg = self._leg
        if leg is not None:
            self._start("close_leg", lambda: asyncio.wait_for(leg.close(), CLOSE_WITHIN_S), HangUpFailed)

    # -- tasks ------------------------------------------------------------------------------------

    def _later(self, event: Event) -> None:
        self._loop.call_soon(self.feed, event)

    def _safely(self, act: Callable[[], None], failure: Callable[[str], Event]) -> None:
        """What is done at once may break its promise as well."""
        try:
            act()
        except Exception as error:
            self._later(failure(_told(error)))

    def _start(self, key: str, begin: Callable[[], Awaitable[None]], failure: Callable[[str], Event]) -> None:
        # ``begin`` is called within the task: work that is stopped before it began leaves nothing behind.
        assert self._tasks is not None, "nothing is performed before run"
        task = self._tasks.create_task(self._guarded(begin, failure), name=key)
        self._work[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    async def _guarded(self, begin: Callable[[], Awaitable[None]], failure: Callable[[str], Event]) -> None:
        try:
            await begin()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self.feed(failure(_told(error)))  # nobody stopped it: something within it was cancelled
        except Exception as error:  # a TaskGroup child that raises would end the call
            self.feed(failure(_told(error)))

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if self._work.get(key) is task:
            del self._work[key]

    def _cancel(self, key: str) -> None:
        if task := self._work.get(key):
            task.cancel()

    def _stop(self) -> None:
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for key, task in list(self._work.items()):
            if key != "close_leg":
                task.cancel()


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
