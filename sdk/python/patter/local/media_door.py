"""The media sockets of local mode: nothing is contacted before the one-time token of the call was proven."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from patter.bridge.events import LegOpened
from patter.carriers.kinds import StreamKind
from patter.carriers.leg import REFUSED, header
from patter.carriers.media import MediaSocket
from patter.carriers.media_wire import MediaWire
from patter.local.calls import LocalCalls, MediaRefused, Opening

logger = logging.getLogger("patter")

Genuine = Callable[[str, str], bool]
"""Whether this signature of an upgrade to this path is right."""


class MediaDoor:
    """One carrier's media sockets, as an ASGI application at ``/media/{carrier}/{call_id}``.

    Args:
        account_id: what ``start`` has to name, where the carrier names it.
    """

    def __init__(
        self, kind: StreamKind, calls: LocalCalls, *, account_id: str = "", genuine: Genuine | None = None
    ) -> None:
        self._kind = kind
        self._calls = calls
        self._account_id = account_id
        self._genuine = genuine

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One media socket. The call that it feeds may outlive it."""
        if (await receive())["type"] != "websocket.connect":
            return
        wire = self._kind.wire(scope)
        socket = MediaSocket(self._kind, wire, receive, send)
        signature = header(scope, self._kind.signature_header)
        if signature and self._genuine is not None and not self._genuine(scope["path"], signature):
            logger.warning("A media socket came with a forged signature")
            await socket.close(REFUSED)
            return
        await socket.accept()
        try:
            started = await socket.wait_for_start()
        except TimeoutError:
            started = None
        if started is None:
            await socket.close(REFUSED, "no_start")
            return
        await self._carry(socket, wire, scope["path_params"]["call_id"], started)

    async def _carry(self, socket: MediaSocket, wire: MediaWire, call_id: str, started: LegOpened) -> None:
        try:
            if self._kind.names_account and started.account_id != self._account_id:
                raise MediaRefused("wrong_account")
            again = self._kind.reconnects and await self._calls.lost_its_socket(call_id)
            call = self._calls.open(Opening(call_id, started, wire.problem, again))
        except MediaRefused as refused:
            logger.warning("A media socket was refused: %s", refused.code, extra={"call": call_id})
            await socket.close(REFUSED, refused.code)
            return
        assert call.session is not None and call.task is not None
        call.sockets += 1
        try:
            fault = await socket.carry(call.session, started)
        finally:
            call.sockets -= 1
        if fault is not None:
            logger.error("A media socket failed", exc_info=fault, extra={"call": call_id})
        if socket.left_by_carrier and self._kind.stays_up:
            await self._calls.ask_for_stream(call)
        await asyncio.wait([call.task])
