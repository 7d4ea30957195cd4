"""kombu's queue in memory, for a worker that waits for news and does not ask fifty times a second.

In an installation without Redis the queue, the worker and all who send to it are threads of one process.
"""

from __future__ import annotations

import threading
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, memory

SCHEME = "waiting-memory"
LONGEST_WAIT_S = 60.0
"""Where whoever reads names no time of its own."""

_news = threading.Event()
"""Something is in a queue, or may be taken from it."""


class Channel(memory.Channel):
    """Tells of messages, and of room for them: who has as many as it may reads on after an answer."""

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        super()._put(queue, message, **options)
        _news.set()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        super().basic_ack(delivery_tag, multiple)
        _news.set()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        super().basic_reject(delivery_tag, requeue)
        _news.set()


class Transport(memory.Transport):
    """Meets kombu's ``Transport``."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **options: Any) -> None:
        """Deliver a message; wait for it at most ``timeout`` seconds. Raises TimeoutError."""
        assert self.cycle is not None
        until = monotonic() + (LONGEST_WAIT_S if timeout is None else timeout)
        while True:
            _news.clear()  # before looking: what comes meanwhile is not missed
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                if not _news.wait(max(0.0, until - monotonic())):
                    raise TimeoutError() from None
            else:
                return


def register() -> None:
    """Let addresses of brokers name it."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
