"""Ctrl-C and SIGTERM, while calls are served: they ask for an orderly end. Afterwards all is as it was."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Either signal sets ``stop``; a second one ends the process as it always would.

    Outside of the main thread signals cannot be heard, and nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def restore() -> None:
        while before:
            number, handler = before.popitem()
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            if handler is not None:
                signal.signal(number, handler)

    def told() -> None:
        stop.set()
        restore()

    with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C cancels the task, which ends as well
        for number in SIGNALS:
            loop.add_signal_handler(number, told)
    try:
        yield
    finally:
        restore()
