"""Meets the ``ToolRunner`` port: checks what the model wants, and has it done by whoever does that kind.

What is refused here, for wrong arguments or because the model repeats itself, is told to the model and
never sent. Everything ends in exactly one ``ToolDone``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from patter.bridge.commands import ToolRun
from patter.bridge.events import ToolDone
from patter.bridge.ports import Emit
from patter.tools.breaker import Breaker
from patter.tools.results import UNKNOWN
from patter.tools.schema import wrong_arguments
from patter.tools.spec import Kind, ToolOutcome, ToolSpec, refused


class Performer(Protocol):
    """Does the tools of one kind."""

    async def perform(self, spec: ToolSpec, command: ToolRun) -> ToolOutcome:
        """Run it to its end, tries and all."""

    def end(self) -> None:
        """The call is over: tools that are not to outlive it are not tried again."""


class Tools:
    """The tools of one call."""

    def __init__(
        self,
        specs: Iterable[ToolSpec],
        performers: Mapping[Kind, Performer],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._performers = performers
        self._breaker = Breaker()
        self._clock = clock
        self._work: set[asyncio.Task[ToolOutcome]] = set()

    async def run(self, command: ToolRun, emit: Emit) -> None:
        """Emit one ``ToolDone``."""
        outcome = await self._outcome(command)
        emit(ToolDone(command.run_id, outcome.result, ok=outcome.ok))

    def end(self) -> None:
        """The call is over."""
        for performer in self._performers.values():
            performer.end()

    async def finished(self) -> None:
        """Wait for what goes on after the call. Each piece of it has its own deadline."""
        while self._work:
            await asyncio.wait(set(self._work))

    async def stop(self, within_s: float) -> None:
        """The process ends: give what is on its way a moment, and leave the rest."""
        self.end()
        if self._work:
            _, late = await asyncio.wait(set(self._work), timeout=within_s)
            for work in late:
                work.cancel()

    async def _outcome(self, command: ToolRun) -> ToolOutcome:
        spec = self._specs.get(command.name)
        if spec is None:
            known = ", ".join(self._specs) or "none"
            return refused(f"There is no tool {command.name[:64]!r}. Tools: {known}.")
        if wrong := wrong_arguments(spec.parameters, command.arguments):
            return refused(wrong)
        if stopped := self._breaker.begin(command.run_id, spec.name, command.arguments, self._clock()):
            return refused(stopped)
        return await self._performed(spec, command)

    async def _performed(self, spec: ToolSpec, command: ToolRun) -> ToolOutcome:
        # Once begun it is carried to its end, also when nobody waits any more: stopped half-way, nobody
        # would know whether it took effect.
        work = asyncio.create_task(self._guarded(spec, command), name=f"tool {command.run_id}")
        self._work.add(work)
        work.add_done_callback(self._work.discard)
        work.add_done_callback(lambda _: self._breaker.end(command.run_id))
        return await asyncio.shield(work)

    async def _guarded(self, spec: ToolSpec, command: ToolRun) -> ToolOutcome:
        try:
            return await self._performers[spec.kind].perform(spec, command)
        except Exception as error:
            if spec.effects:
                return ToolOutcome(UNKNOWN, ok=False)
            return refused(f"The tool could not be run ({type(error).__name__}).")
