"""A small ASGI server inside of somebody else's process, on loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"


class LoopbackServer:
    """``port`` 0 takes a free one. Signals stay with whoever owns the process."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._app = app
        self._port = port
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.base_url = ""

    async def start(self) -> None:
        """Returns when the server answers. Raises OSError when the port is taken."""
        # Bound here, because uvicorn ends the whole process when it cannot.
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HOST, self._port))
        except OSError:
            bound.close()
            raise
        self.base_url = f"http://{HOST}:{bound.getsockname()[1]}"
        self._server = _Server(
            uvicorn.Config(
                self._app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws_max_size=64 * 1024 * 1024,
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._serving = asyncio.create_task(self._server.serve(sockets=[bound]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise OSError("the server did not start")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
