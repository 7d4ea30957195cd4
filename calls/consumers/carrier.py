"""The carrier's media socket, ``/media/{carrier}/{call_id}``.

A Channels consumer with a receive loop of its own: Channels' ``dispatch`` asks the database before every
message, on one thread for all sockets, fifty times a second and call. Nothing is contacted before the
one-time token in the stream's ``start`` was proven and used up.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from channels.consumer import AsyncConsumer

from calls.adapters.threads import open_in_thread
from calls.assembly import NotReady
from calls.live import LiveCall, live_calls
from calls.services.media import (
    MediaRefused,
    Opening,
    fail_media,
    open_media,
    refuse_media,
    upgrade_is_genuine,
)
from patter.bridge.events import LegOpened
from patter.carriers.kinds import STREAM_KINDS
from patter.carriers.leg import REFUSED, header
from patter.carriers.media import MediaSocket

logger = structlog.get_logger(__name__)


class CarrierConsumer(AsyncConsumer):
    """One media socket. The call that it feeds may outlive it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._call_id: str = scope["url_route"]["kwargs"]["call_id"]
        self._carrier: str = scope["url_route"]["kwargs"]["carrier"]
        self._kind = STREAM_KINDS[self._carrier]
        if (await receive())["type"] != "websocket.connect":
            return
        self._wire = self._kind.wire(scope)
        socket = MediaSocket(self._kind, self._wire, receive, send, scope=scope)
        signature = header(scope, self._kind.signature_header)
        if signature and not await open_in_thread(
            upgrade_is_genuine, self._call_id, signature, scope["path"]
        ):
            logger.warning("A media socket came with a forged signature", call=self._call_id)
            await send({"type": "websocket.close", "code": REFUSED})
            return
        await socket.accept()
        try:
            started = await socket.wait_for_start()
        except TimeoutError:
            started = None
            logger.warning("A media socket never sent its start", call=self._call_id)
        if started is None:
            await socket.close(REFUSED, "no_start")
            return
        await self._carry(socket, started)

    # -- a proven stream --------------------------------------------------------------------------

    async def _carry(self, socket: MediaSocket, started: LegOpened) -> None:
        try:
            live = await self._join(started)
        except (MediaRefused, NotReady) as refused:
            logger.warning("A media socket was refused", call=self._call_id, reason=refused.code)
            await socket.close(REFUSED, refused.code)
            return
        fault = await socket.carry(live.session, started)
        if fault is not None:
            logger.error("A media socket failed", call=self._call_id, exc_info=fault)
        if socket.left_by_carrier and self._kind.stays_up:
            await live.ask_for_stream()
        if live.task is not None:
            await asyncio.wait([live.task])

    async def _join(self, started: LegOpened) -> LiveCall:
        """The call that this stream belongs to: carried here already, or from now on. Raises MediaRefused."""
        calls = live_calls()
        live = calls.carried(self._call_id)
        opening = Opening(
            call_id=self._call_id,
            carrier=self._carrier,
            token=started.parameters.get("token", ""),
            carrier_call_id=started.carrier_call_id,
            account_id=started.account_id,
            owner=calls.owner,
            carried=live is not None,
            reconnects=self._kind.reconnects and live is not None and await live.lost_its_socket(),
        )
        if self._wire.problem:
            refused = NotReady("codec_unknown", self._wire.problem)
            await open_in_thread(refuse_media, opening, refused)
            raise refused
        ready = await open_in_thread(open_media, opening)
        if live := calls.carried(self._call_id):
            live.goes_on_over(ready)
            return live
        if opening.carried:
            raise MediaRefused("call_over")  # it ended at this very moment
        try:
            return calls.begin(ready)
        except NotReady as error:
            await open_in_thread(fail_media, self._call_id, error)
            raise
