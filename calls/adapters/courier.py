"""A call's courier on the bus: messages in and out, and its timer. It decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from channels.layers import get_channel_layer

from calls.adapters.threads import open_in_thread
from calls.sdk.addresses import calls_group, connection_group
from calls.sdk.courier import Courier
from calls.sdk.facts import SdkFacts
from calls.sdk.orders import Bound, Order, Publish, Send, Tell
from calls.services.tell_sdk import note_connection
from patter.bridge.commands import HandlerAsk
from patter.bridge.events import HandlerDone, HandlerFailed
from patter.bridge.ports import Emit
from patter.bridge.records import Entry

logger = structlog.get_logger(__name__)


class CallCourier:
    """One call's. ``run`` is its task, and outlives the call by the time in which a client may come back."""

    def __init__(self, facts: SdkFacts) -> None:
        self._machine = Courier(facts)
        self._facts = facts
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._told = asyncio.Event()
        self._posts: deque[Send | Publish] = deque()
        self._news = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: dict[str, tuple[Emit, asyncio.Event]] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        layer = get_channel_layer()
        channel = self._machine.channel = await layer.new_channel()
        group = calls_group(self._facts.organisation_id)
        await layer.group_add(group, channel)
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(self._read(layer, channel))
                posting = tasks.create_task(self._post(layer))
                self._ready.set()
                self._do(self._machine.start)
                await self._over.wait()
                reading.cancel()
                posting.cancel()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            with contextlib.suppress(Exception):
                await layer.group_discard(group, channel)

    # -- what the call wants ----------------------------------------------------------------------

    def write(self, entry: Entry) -> None:
        """An entry of the call's log. Never blocks, never raises."""
        self._do(lambda now: self._machine.write(entry, now))
        if (over_at := self._machine.over_at) is not None:
            self._loop.call_at(over_at, self._over.set)

    async def ask(self, command: HandlerAsk, emit: Emit) -> None:
        """Emit what is answered, until HandlerDone or HandlerFailed."""
        await self._ready.wait()
        answered = asyncio.Event()
        self._waiting[command.turn_id] = (emit, answered)
        try:
            self._do(lambda now: self._machine.ask(command, now))
            await answered.wait()
        finally:
            self._waiting.pop(command.turn_id, None)

    def cancel(self, turn_id: str, heard: str) -> None:
        self._do(lambda now: self._machine.cancel(turn_id, heard, now))

    async def delivered(self) -> None:
        """Wait until the end was delivered. For a process that stops; give it a deadline."""
        await self._told.wait()

    def stop(self) -> None:
        self._over.set()

    # -- performing ---------------------------------------------------------------------------------

    async def _read(self, layer: Any, channel: str) -> None:
        mine = (None, self._facts.call_id)
        while True:
            message = await layer.receive(channel)
            if message.get("call_id") in mine:
                self._do(partial(self._machine.receive, message))

    async def _post(self, layer: Any) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._posts:
                await self._post_one(layer, self._posts.popleft())

    async def _post_one(self, layer: Any, post: Send | Publish) -> None:
        try:
            if isinstance(post, Send):
                await layer.send(post.channel, dict(post.message))
            else:
                await layer.group_send(post.group, dict(post.message))
        except Exception as error:  # it is not acknowledged, and so sent again
            logger.warning("A frame for an SDK was not sent", reason=type(error).__name__)

    def _do(self, step: Callable[[float], list[Order]]) -> None:
        orders = step(self._loop.time())
        for order in orders:
            if isinstance(order, Tell):
                self._tell(order)
            elif isinstance(order, Bound):
                self._note(order.connection_id)
            else:
                self._posts.append(order)
                self._news.set()
        if self._machine.is_told:
            self._told.set()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._machine.next_timer() if self._ready.is_set() and not self._over.is_set() else None
        self._timer = None if due is None else self._loop.call_at(due, self._do, self._machine.handle_timer)

    def _tell(self, order: Tell) -> None:
        emit, answered = self._waiting.get(order.event.turn_id, (None, None))
        if emit is None or answered is None:
            return
        emit(order.event)
        if isinstance(order.event, HandlerDone | HandlerFailed):
            answered.set()

    def _note(self, connection_id: str) -> None:
        """Write down who has the call, for the end that another process may have to tell."""
        group = connection_group(self._facts.organisation_id, connection_id)
        task = asyncio.create_task(self._write_down(group), name=f"sdk of {self._facts.call_id}")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write_down(self, group: str) -> None:
        try:
            await open_in_thread(note_connection, self._facts.call_id, group)
        except Exception as error:  # a database that is away must not end calls
            logger.warning("A call's SDK was not written down", reason=type(error).__name__)
