"""A small ASGI server inside of somebody else's process, on loopback only."""

from __future__ import annotations

from starlette.types import ASGIApp

from patter.serving import LOOPBACK as HOST
from patter.serving import AsgiServer

__all__ = ["HOST", "LoopbackServer"]


class LoopbackServer(AsgiServer):
    """``port`` 0 takes a free one."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        super().__init__(app, HOST, port)
