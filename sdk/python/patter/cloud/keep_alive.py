"""Why a script whose ``main()`` ends right after ``connect()`` goes on serving calls, and only such a script.

``asyncio.run`` cancels every task once its main coroutine is done. The connection's task then asks here
whether that is the end of a script as the quickstart prints it: the task that called ``connect`` runs a
coroutine defined in ``__main__``, is done, was not cancelled and raised nothing. Then it stays, until SIGINT
or SIGTERM. Everywhere else (a server, a test, a main that failed or was interrupted) it gives way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Iterator
from typing import Any

logger = logging.getLogger("patter")


class KeepAlive:
    """Made by ``connect``, in the task that called it. ``wish``: True insists, False never stays."""

    def __init__(self, wish: bool | None) -> None:
        self._wish = wish
        self._caller = asyncio.current_task()
        self._is_script = _defined_in_main(self._caller)

    def stays(self) -> bool:
        """Whether the connection stays although its task was cancelled.

        Says so when it gives way, unless that is no surprise: a main that failed or was interrupted.
        """
        done = self._caller_is_done()
        if self._wish or (self._wish is None and self._is_script and done):
            return True
        if self._wish is None and done:
            logger.warning(
                "Patter disconnects, because its event loop ends. To stay connected, "
                "end with `await phone.wait_closed()`, or pass keep_alive=True to connect()."
            )
        return False

    def _caller_is_done(self) -> bool:
        task = self._caller
        return task is not None and task.done() and not task.cancelled() and task.exception() is None


def _defined_in_main(task: asyncio.Task[Any] | None) -> bool:
    frame = getattr(task.get_coro(), "cr_frame", None) if task is not None else None
    return frame is not None and frame.f_globals.get("__name__") == "__main__"


@contextlib.contextmanager
def signals_end(end: Callable[[], object]) -> Iterator[None]:
    """SIGINT and SIGTERM end the program in order, as far as this loop may listen to them."""
    loop = asyncio.get_running_loop()
    heard = []
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, end)
        except (NotImplementedError, RuntimeError, ValueError):
            continue  # Windows, or not the main thread
        heard.append(number)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
