"""An ASGI server inside of the user's own process. Signals stay with whoever owns the process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LOOPBACK = "127.0.0.1"
READY_LOOKS_EVERY_S = 0.005
KEPT_ALIVE_S = 75
"""Longer than carriers keep a connection: one that we close while they send loses what they tell us."""

WIRE_LOGGER = logging.getLogger("patter.serving")
"""For the sockets that are served: uvicorn's own would write their addresses and frames."""
WIRE_LOGGER.setLevel(logging.WARNING)


class QuietSocket(WebSocketsSansIOProtocol):
    """What is said over it is in nobody's log: it is speech, keys and tokens."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = self.conn.logger = WIRE_LOGGER
        self.conn.debug = False


class AsgiServer:
    """``port`` 0 takes a free one; ``base_url`` says which, as it is reached from this machine."""

    def __init__(self, app: ASGIApp, host: str = LOOPBACK, port: int = 0) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.base_url = ""

    async def start(self) -> None:
        """Returns when the server answers. Raises OSError when the port is taken."""
        # Bound here, because uvicorn ends the whole process when it cannot.
        bound = _bound(self._host, self._port)
        shown = LOOPBACK if self._host in ("0.0.0.0", "::", "localhost") else self._host
        self.base_url = f"http://{f'[{shown}]' if ':' in shown else shown}:{bound.getsockname()[1]}"
        self._server = _Server(
            uvicorn.Config(
                self._app,
                ws=QuietSocket,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws_max_size=64 * 1024 * 1024,
                ws_per_message_deflate=False,
                timeout_keep_alive=KEPT_ALIVE_S,
                timeout_graceful_shutdown=1,
            )
        )
        self._serving = asyncio.create_task(self._server.serve(sockets=[bound]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise OSError("the server did not start")
            await asyncio.sleep(READY_LOOKS_EVERY_S)

    async def stop(self) -> None:
        """Sockets that are open are closed with 1012. Harmless when it never started."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, because only then asyncio sends small frames at once (TCP_NODELAY). Without,
    # a frame of 20 ms waits until the carrier has acknowledged the one before.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise OSError(error.errno, f"{error.strerror}: {host}, port {port}") from error
    return bound


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
