"""The user's functions that are not async: each runs in a thread of its own and never blocks a call.

Threads are daemons: a function that never returns must not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MOST_THREADS = 500
"""At once in this process. Beyond, calls are refused rather than the machine brought to a halt."""

_running = 0


def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
    """What the function gives or raises, to be awaited. Cancelled, that is dropped; the thread runs on.

    Raises RuntimeError when ``MOST_THREADS`` functions are running.
    """
    global _running
    if _running >= MOST_THREADS:
        raise RuntimeError(f"{MOST_THREADS} functions are running in threads; write this one async")
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            # A StopIteration could not be told apart from the end of whoever waits.
            result: Any = context.run(function, *args, **kwargs)
        except StopIteration:
            tell(_fail, RuntimeError("the function raised StopIteration"))
        except BaseException as error:
            tell(_fail, error)
        else:
            tell(_succeed, result)

    def tell(settle: Callable[[asyncio.Future[T], Any], None], outcome: Any) -> None:
        try:
            loop.call_soon_threadsafe(over, settle, outcome)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    def over(settle: Callable[[asyncio.Future[T], Any], None], outcome: Any) -> None:
        global _running
        _running -= 1
        if not future.done():
            settle(future, outcome)

    _running += 1
    threading.Thread(target=work, name="patter user function", daemon=True).start()
    future.add_done_callback(_take_note)
    return future


def _take_note(future: asyncio.Future[Any]) -> None:
    """An error of which nobody waits to hear is no warning at the end of the process."""
    if not future.cancelled():
        future.exception()


def _succeed(future: asyncio.Future[T], result: T) -> None:
    future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    future.set_exception(error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}"))
