"""Tells the user's callbacks what happened in a call: in order, off the call's path, and never twice.

A callback is sync (it runs in a thread) or async. One that fails is logged and forgotten; one that is slow
delays only the later callbacks of its own call.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from typing import Any

from patter.blocking import in_thread
from patter.handlers import is_async
from patter.types import Callback

logger = logging.getLogger("patter")

MOST_WAITING = 1_000
CALLBACK_WITHIN_S = 30.0


class Callbacks:
    """The callbacks of one call, one after the other."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._waiting: deque[tuple[str, Callback, dict[str, Any]]] = deque()
        self._task: asyncio.Task[None] | None = None

    def tell(self, name: str, callback: Callback | None, data: dict[str, Any]) -> None:
        """Have ``callback`` called with ``data`` soon. ``name`` is for the log."""
        if callback is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            logger.warning("A callback was left out: too many wait", extra={"call": self._call_id})
            return
        self._waiting.append((name, callback, data))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name=f"callbacks {self._call_id}")

    def run_in(self, task: asyncio.Task[Any] | None) -> bool:
        """Whether that task is the one in which they are called."""
        return self._task is not None and self._task is task

    async def finish(self, within_s: float = CALLBACK_WITHIN_S) -> None:
        """Wait for what was told so far; what is still running then is cancelled."""
        if self._task is None:
            return
        await asyncio.wait([self._task], timeout=within_s)
        self._task.cancel()

    async def _work(self) -> None:
        while self._waiting:
            name, callback, data = self._waiting.popleft()
            try:
                async with asyncio.timeout(CALLBACK_WITHIN_S):
                    result = callback(data) if is_async(callback) else await in_thread(callback, data)
                    if inspect.isawaitable(result):
                        await result
            except (Exception, asyncio.CancelledError) as error:
                task = asyncio.current_task()
                if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                    raise  # by ``finish``, and not by something within the callback
                logger.error(f"{name} failed", exc_info=error, extra={"call": self._call_id})
