"""What begins and ends with the server: the bus, and in an embedded installation the workers."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from django.conf import settings

from calls.live import drain_live_calls
from patter_site.common import bus, stopping
from patter_site.operations.embedded import EmbeddedWorkers
from patter_site.operations.single_process import AlreadyRunning, single_process

logger = structlog.get_logger(__name__)
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

NO_LIFESPAN = (
    "This server does not start Patter's embedded workers. Use `./dev run` (or uvicorn), "
    "or set PATTER_REDIS_URL and PATTER_DATABASE_URL and run workers of their own."
)


def _settle_memory() -> None:
    """Keep the collector off what stays for the life of the process.

    A full collection looks at every object that Django made while it loaded, 50 ms and more with the
    interpreter held, and a bulk insert brings one about every few thousand rows: in the middle of calls.
    """
    gc.collect()
    gc.freeze()


class Lifespan:
    """The ASGI lifespan. ``started`` tells whether the server has one at all: daphne has none."""

    def __init__(self) -> None:
        self.started = False
        self._workers = EmbeddedWorkers()

    @property
    def is_missing(self) -> bool:
        """An embedded installation behind a server that never sent ``lifespan``."""
        return settings.SHAPE.embedded and not settings.TESTING and not self.started

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._startup(send)
            elif message["type"] == "lifespan.shutdown":
                await self._shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _startup(self, send: Send) -> None:
        try:
            await self.start()
        except AlreadyRunning as refused:
            await send({"type": "lifespan.startup.failed", "message": str(refused)})
        except Exception as error:
            logger.exception("The server could not start")
            await send({"type": "lifespan.startup.failed", "message": f"Start-up failed: {error}"})
        else:
            await send({"type": "lifespan.startup.complete"})

    async def start(self) -> None:
        stopping.forget()
        bus.bind_loop()
        if settings.SHAPE.embedded:
            await asyncio.to_thread(single_process.acquire)
            await asyncio.to_thread(self._workers.start)
        _settle_memory()
        self.started = True

    async def _shutdown(self) -> None:
        stopping.ask()
        await drain_live_calls()
        if settings.SHAPE.embedded:
            await asyncio.to_thread(self._workers.stop)
            single_process.release()
        bus.unbind_loop()
        self.started = False
