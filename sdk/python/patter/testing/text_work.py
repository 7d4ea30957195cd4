"""The user's own code in a call by text: it runs for real, and the test waits for it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from patter.bridge.commands import (
    Command,
    HandlerAsk,
    HandlerStop,
    LlmAsk,
    LlmStop,
    SendDigits,
    ToolRun,
    ToolStop,
    TransferStart,
)
from patter.bridge.events import DigitsSent, Event, LegOpened, LlmDelta, LlmDone, TransferMoved
from patter.bridge.performing import Performers, Performing
from patter.bridge.ports import Emit
from patter.bridge.work import Work

PERFORMED = (HandlerAsk, HandlerStop, LlmAsk, LlmStop, ToolRun, ToolStop)
OPENED = LegOpened("stream", "carrier_call", "account")

Answers = Callable[[Sequence[Mapping[str, Any]]], str | Awaitable[str]]


class TextWork:
    """Handler, model and tools of one call, and what the agent did with the line.

    Args:
        feed: tells the call what came of it.
        transfers: what becomes of a transfer: joined, or the reason for which it fails.
    """

    def __init__(self, performers: Performers, feed: Callable[[Event], None], transfers: str) -> None:
        self._feed = feed
        self._outcome = transfers
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._work = Work(self._told)
        self._work.tasks = self
        self._performing = Performing(performers, self._work, self._told)
        self.digits_sent = ""
        self.transferred_to = ""

    @property
    def busy(self) -> bool:
        return self._work.busy

    def create_task(self, coro: Coroutine[Any, Any, None], *, name: str | None = None) -> asyncio.Task[None]:
        task = asyncio.create_task(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def perform(self, command: Command) -> None:
        """Do what the call asks for; the line's own commands are somebody else's business."""
        if isinstance(command, PERFORMED):
            self._performing.table[type(command)](command)
        elif isinstance(command, SendDigits):
            self.digits_sent += command.digits
            self._feed(DigitsSent())
        elif isinstance(command, TransferStart):
            self.transferred_to = command.number
            self._transfer(command.transfer_id)

    def _transfer(self, transfer_id: str) -> None:
        if self._outcome == "joined":
            self._feed(TransferMoved(transfer_id, "joined"))
            return
        self._feed(TransferMoved(transfer_id, "failed", self._outcome, returns=True))
        self._feed(OPENED)

    async def progress(self, within_s: float) -> None:
        """Wait until the user's code said something, or ended. Raises AssertionError when it is late."""
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), within_s)
        except TimeoutError:
            raise AssertionError(f"nothing answered within {within_s:g} s") from None

    async def close(self) -> None:
        self._work.stop(spare=frozenset())
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _told(self, event: Event) -> None:
        self._news.set()
        self._feed(event)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._news.set()


class AnsweringLlm:
    """A model that is a function from the chat's messages to a text, sync or async; meets ``Llm``."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def ask(self, command: LlmAsk, emit: Emit) -> None:
        text = self._answers(command.messages)
        emit(LlmDelta(command.ask_id, await text if inspect.isawaitable(text) else text))
        emit(LlmDone(command.ask_id))
