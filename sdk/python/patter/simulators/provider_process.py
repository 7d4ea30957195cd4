"""A simulated provider as a process: one line when ready, a clean end on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Protocol


class Server(Protocol):
    """What every simulated provider offers."""

    @property
    def base_url(self) -> str:
        """Where it answers."""

    async def start(self) -> None:
        """Returns when it answers."""

    async def stop(self) -> None:
        """End it."""


async def serve(server: Server, name: str) -> None:
    """Run until the process is told to end. Raises OSError when the port is taken."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    await server.start()
    try:
        sys.stdout.write(f"simulated {name} ready on {server.base_url}\n")
        sys.stdout.flush()
        await over.wait()
    finally:
        await server.stop()
