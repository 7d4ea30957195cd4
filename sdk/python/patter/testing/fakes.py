"""The ports of a session, met by fakes: each says what it was told to, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from patter.bridge.commands import Clear, Command, HandlerAsk, LlmAsk, Mark, Play, ToolRun
from patter.bridge.events import Event, SttOpened
from patter.bridge.plan import CallPlan
from patter.bridge.ports import Emit
from patter.bridge.records import Entry

Script = Callable[[Any, Emit], None]
"""What a performer does when it is asked: emit at once, or raise."""


@dataclass
class FakePerformer:
    """Speech, model, handler and tools in one: ``says`` runs when asked; then it waits if ``stays``."""

    says: Script = lambda asked, emit: None
    stays: bool = False
    asked: list[Any] = field(default_factory=list)
    cancelled: list[tuple[str, str]] = field(default_factory=list)
    stopped: int = 0
    closed: int = 0
    close_error: Exception | None = None

    async def _work(self, asked: Any, emit: Emit) -> None:
        self.asked.append(asked)
        self.says(asked, emit)
        if self.stays:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.stopped += 1
                raise

    async def ask(self, command: LlmAsk | HandlerAsk, emit: Emit) -> None:
        await self._work(command, emit)

    async def run(self, command: ToolRun, emit: Emit) -> None:
        await self._work(command, emit)

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        await self._work((say_id, text), emit)

    def cancel(self, turn_id: str, heard: str) -> None:
        self.cancelled.append((turn_id, heard))

    async def close(self) -> None:
        self.closed += 1
        if self.close_error is not None:
            raise self.close_error


class FakeStt:
    """A recogniser that opens at once and listens until it is stopped, unless ``error`` is set."""

    def __init__(self, error: Exception | None = None, *, ends: bool = False) -> None:
        self.error = error
        self.ends = ends
        self.heard = bytearray()
        self.finalized = 0

    async def run(self, stt_id: str, emit: Emit) -> None:
        emit(SttOpened(stt_id))
        if self.error is not None:
            raise self.error
        if not self.ends:
            await asyncio.Event().wait()

    def send(self, payload: bytes) -> None:
        self.heard += payload

    def finalize(self) -> None:
        self.finalized += 1


class FakeLeg:
    def __init__(self, error: Exception | None = None, *, closes: bool = True) -> None:
        self.error = error
        self.closes = closes
        self.sent: list[Play | Mark | Clear] = []
        self.closed = 0

    def send(self, command: Play | Mark | Clear) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(command)

    async def close(self) -> None:
        self.closed += 1
        if not self.closes:
            await asyncio.Event().wait()


class FakeControl:
    """Answers hang-ups with these errors first, then with success.

    ``said`` is what it was asked to say; ``says`` answers that, and None never answers.
    """

    def __init__(self, *errors: Exception, says: Exception | bool | None = True) -> None:
        self.errors = list(errors)
        self.asked: list[str] = []
        self.says = says
        self.said: list[tuple[str, str, str]] = []
        self.recorded: list[str] = []

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        self.said.append((carrier_call_id, text, language))
        if self.says is None:
            await asyncio.Event().wait()
        if isinstance(self.says, Exception):
            raise self.says

    async def hang_up(self, carrier_call_id: str) -> None:
        self.asked.append(carrier_call_id)
        if self.errors:
            raise self.errors.pop(0)

    async def start_recording(self, carrier_call_id: str) -> None:
        self.recorded.append(carrier_call_id)


class FakeLog:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def write(self, entry: Entry) -> None:
        self.entries.append(entry)


class FakeMachine:
    """Stands in for a call machine: ``answers`` gives the commands for an event."""

    def __init__(self, answers: Callable[[Event], Sequence[Command]]) -> None:
        self.answers = answers
        self.plan = CallPlan("call_test")
        self.events: list[Event] = []
        self.timer: float | None = None
        self.on_timer: Callable[[], Sequence[Command]] = lambda: []

    def receive(self, event: Event, now: float) -> list[Command]:
        self.events.append(event)
        return list(self.answers(event))

    def next_timer(self) -> float | None:
        return self.timer

    def handle_timer(self, now: float) -> list[Command]:
        return list(self.on_timer())
