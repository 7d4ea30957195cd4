"""The one driver of a call: it feeds the machine, performs its commands, and decides nothing.

``feed`` is synchronous, so a call has one order of events and no queue of its own. Each command that
starts work becomes a task with a parent (``work.py``); what the work says comes back as events. A performer
that breaks its promise and raises becomes a failure event too, and never ends the session. Only a fault of
the machine itself does: ``run`` raises it, and the home hangs up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from patter.bridge.call import CallMachine
from patter.bridge.clock import next_tick
from patter.bridge.commands import Command, EndSession, Note
from patter.bridge.discreet import Discreet
from patter.bridge.events import Event, LegOpened
from patter.bridge.line import LAST_WORK, Line
from patter.bridge.performing import Performers, Performing
from patter.bridge.ports import CallLog, CarrierControl, Leg, TransferControl
from patter.bridge.work import Work

__all__ = ["CallSession", "Performers"]

MOST_TIMERS = 100
"""At one moment. A machine whose timer never moves would spin, and every call beside it would suffer."""

STOOD_STILL_S = 0.15
"""A timer that is later than this was late with the whole process: what came meanwhile waits to be read."""
CATCH_UP_S = 0.02
"""It is read first: the caller was not silent so long."""


class CallSession:
    """One call in this process. ``run`` lives as long as the call does."""

    def __init__(
        self,
        machine: CallMachine,
        *,
        control: CarrierControl,
        performers: Performers,
        log: CallLog,
        transfers: TransferControl | None = None,
    ) -> None:
        self._machine = machine
        discreet = Discreet(machine.plan)
        self._loop = asyncio.get_running_loop()
        self._work = Work(self.feed)
        self._line = Line(control, transfers, self._work, self.feed)
        self._performing = Performing(performers, self._work, self.feed)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._due = machine.next_timer()
        self._catching_up_until = 0.0
        self._inbox: deque[Event] = deque()
        self._feeding = False
        self.over = False
        self._over = asyncio.Event()
        self._error: Exception | None = None
        self._table: dict[type, Callable[[Any], None]] = {
            **self._line.table,
            **self._performing.table,
            Note: lambda command: log.write(discreet.entry(command.entry)),
            EndSession: lambda _: self._end(),
        }

    async def run(self) -> None:
        """Carry the call to its end. Everything that was started ends with it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._work.tasks = tasks
                self._due = self._machine.next_timer()
                self._drain_inbox()
                try:
                    await self._over.wait()
                finally:
                    self._stop()
        finally:
            await self._performing.close()
        if self._error is not None:
            raise self._error

    def attach(self, leg: Leg) -> Leg | None:
        """Take the newest media socket. Returns the one it replaces, for the caller to close."""
        old, self._line.leg = self._line.leg, leg
        return old

    @property
    def leg(self) -> Leg | None:
        return self._line.leg

    @property
    def carrier_call_id(self) -> str:
        """The caller's leg at the carrier; empty before the stream began."""
        return self._line.carrier_call_id

    # -- feeding ----------------------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Something happened. Safe to call from within a performer."""
        if self.over:
            return
        self._inbox.append(event)
        # Before ``run`` there is no parent for the work that an event may start.
        if not self._feeding and self._work.tasks is not None:
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
        # Most events only push the next time away: the one that is set wakes us up early. That is harmless.
        due = self._due
        if due is None or self._timer is None or due < self._timer_at or self.over:
            self._set_timer()

    def _end(self) -> None:
        self.over = True
        self._over.set()

    def _broken(self, error: Exception) -> None:
        """The machine itself failed: a fault of ours. The call ends here, and ``run`` raises it."""
        self._error = error
        self._end()

    def _one(self, event: Event) -> None:
        now = self._loop.time()
        if self._due is not None and self._due <= now and not self._catches_up(now):
            self._run_timers(now)
        if isinstance(event, LegOpened):
            self._line.carrier_call_id = event.carrier_call_id
        self._perform(self._machine.receive(event, now))
        self._due = self._machine.next_timer()

    def _catches_up(self, now: float) -> bool:
        """Whether a timer that is due has to wait, because this process stood still."""
        if now < self._catching_up_until:
            return True
        assert self._due is not None
        if now - self._due < STOOD_STILL_S or self._catching_up_until > self._due:
            return False
        self._catching_up_until = now + CATCH_UP_S
        return True

    def _run_timers(self, now: float) -> None:
        for _ in range(MOST_TIMERS):
            self._perform(self._machine.handle_timer(now))
            due = self._due = self._machine.next_timer()
            if due is None or due > now or self.over:
                return
        raise RuntimeError("The machine's timer never moves.")

    def _set_timer(self) -> None:
        at = None if self.over or self._due is None else max(next_tick(self._due), self._catching_up_until)
        if self._timer is not None:
            if at == self._timer_at:
                return
            self._timer.cancel()
            self._timer = None
        if at is not None:
            # Kept here: a handle of uvloop that is due at once does not tell its time.
            self._timer_at = at
            self._timer = self._loop.call_at(at, self._timer_due)

    def _timer_due(self) -> None:
        self._timer = None
        self._feeding = True
        now = self._loop.time()
        try:
            if self._due is not None and self._due <= now and not self._catches_up(now):
                self._run_timers(now)
        except Exception as error:
            self._broken(error)
        finally:
            self._feeding = False
        self._drain_inbox()

    def _perform(self, commands: list[Command]) -> None:
        for command in commands:
            self._table[type(command)](command)

    def _stop(self) -> None:
        self._end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._work.stop(spare=LAST_WORK)
