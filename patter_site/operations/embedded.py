"""The worker and the beat as threads of the web process, for an installation without Redis.

These threads wait, they do not compute: what burns a processor goes to a child process.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from celery import current_app

from patter_site.common.schedule import TICK_S
from patter_site.common.tasks import run_sweeps

logger = structlog.get_logger(__name__)
THREADS = 4


class EmbeddedWorkers:
    """``start`` returns at once; ``stop`` gives what runs a moment to finish."""

    def __init__(self) -> None:
        self._worker: Any = None
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        current_app.loader.import_default_modules()
        # Nobody else is on this queue to gossip with.
        quiet = {"without_heartbeat": True, "without_gossip": True, "without_mingle": True}
        self._worker = current_app.WorkController(pool_cls="threads", concurrency=THREADS, **quiet)
        self._stopped.clear()
        self._run("celery-worker", self._worker.start)
        self._run("beat", self._beat)

    def stop(self, timeout_s: float = 2.0) -> None:
        self._stopped.set()
        if self._worker is not None:
            self._run("stop-worker", self._worker.stop)
        for thread in self._threads:
            thread.join(timeout=timeout_s / 2)
        self._worker = None
        self._threads.clear()

    def _beat(self) -> None:
        """What Celery's does for the one entry of our schedule, without waking up each second."""
        while not self._stopped.wait(TICK_S):
            try:
                run_sweeps.delay()
            except Exception:
                logger.exception("The tick was not sent")

    def _run(self, name: str, target: Any) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)
