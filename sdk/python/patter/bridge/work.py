"""The tasks of one call: each with a name, a parent and an end, and none that can break the call.

What work says comes back as events. Work that breaks its promise and raises becomes a failure event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any, Protocol

from patter.bridge.events import Event

Failure = Callable[[str], Event]
"""What is told of work that failed, from the sentence that says how."""


class Parent(Protocol):
    """What ends with the call and takes its work along: a TaskGroup, or what stands in for one."""

    def create_task(self, coro: Coroutine[Any, Any, None], *, name: str | None = None) -> asyncio.Task[None]:
        """Start a task of this parent."""


class Work:
    """Started by key; a newer task takes the place of an older one. ``tasks`` is set while the call runs."""

    def __init__(self, feed: Callable[[Event], None]) -> None:
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._running: dict[str, asyncio.Task[None]] = {}
        self.tasks: Parent | None = None

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def later(self, event: Event) -> None:
        """Tell it in a turn of the loop of its own: after the commands that are being performed."""
        self._loop.call_soon(self._feed, event)

    def safely(self, failure: Failure, act: Callable[..., None], *given: Any) -> None:
        """Do at once what may break its promise as well."""
        try:
            act(*given)
        except Exception as error:
            self.later(failure(told(error)))

    def start(self, key: str, begin: Callable[[], Awaitable[None]], failure: Failure) -> None:
        # ``begin`` is called within the task: work that is stopped before it began leaves nothing behind.
        assert self.tasks is not None, "nothing is performed before run"
        task = self.tasks.create_task(self._guarded(begin, failure), name=key)
        self._running[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    async def _guarded(self, begin: Callable[[], Awaitable[None]], failure: Failure) -> None:
        try:
            await begin()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self._feed(failure(told(error)))  # nobody stopped it: something within it was cancelled
        except Exception as error:  # a TaskGroup child that raises would end the call
            self._feed(failure(told(error)))

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if self._running.get(key) is task:
            del self._running[key]

    def cancel(self, key: str) -> None:
        if task := self._running.get(key):
            task.cancel()

    def stop(self, *, spare: Collection[str]) -> None:
        """Cancel everything but the tasks under ``spare``."""
        for key, task in list(self._running.items()):
            if key not in spare:
                task.cancel()


def told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
