"""The worker and the beat as threads of the web process, for an installation without Redis.

These threads wait, they do not compute: what burns a processor goes to a child process.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from celery import current_app
from celery.beat import Scheduler, Service

logger = structlog.get_logger(__name__)
THREADS = 4


class EmbeddedWorkers:
    """``start`` returns at once; ``stop`` gives what runs a moment to finish."""

    def __init__(self) -> None:
        self._worker: Any = None
        self._beat: Service | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        current_app.loader.import_default_modules()
        # Nobody else is on this queue to gossip with.
        quiet = {"without_heartbeat": True, "without_gossip": True, "without_mingle": True}
        self._worker = current_app.WorkController(pool_cls="threads", concurrency=THREADS, **quiet)
        # Without a file: its only entry is the tick, and the tick keeps its leases in the database.
        self._beat = Service(current_app, max_interval=1, scheduler_cls=Scheduler)
        self._run("celery-worker", self._worker.start)
        self._run("celery-beat", self._beat.start)

    def stop(self, timeout_s: float = 2.0) -> None:
        for name, part in (("beat", self._beat), ("worker", self._worker)):
            if part is None:
                continue
            stopper = threading.Thread(target=part.stop, name=f"stop-{name}", daemon=True)
            stopper.start()
            self._threads.append(stopper)
        for thread in self._threads:
            thread.join(timeout=timeout_s / 2)
        self._worker = self._beat = None
        self._threads.clear()

    def _run(self, name: str, target: Any) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)
