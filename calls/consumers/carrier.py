"""The carrier's media socket, ``/media/twilio/{call_id}``.

A Channels consumer with a receive loop of its own: Channels' ``dispatch`` asks the database before every
message, on one thread for all sockets, fifty times a second and call. Nothing is contacted before the
one-time token in the stream's ``start`` was proven and used up.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from channels.consumer import AsyncConsumer

from calls.adapters.leg import NORMAL, REFUSED, SocketLeg, header
from calls.adapters.threads import open_in_thread
from calls.assembly import NotReady
from calls.live import LiveCall, live_calls
from calls.services.media import MediaRefused, Opening, fail_media, open_media, upgrade_is_genuine
from patter.bridge.events import Event, FrameRejected, HangUpAsked, LegLost, LegOpened, LegStopped
from patter.carriers.twilio.wire import Wire

logger = structlog.get_logger(__name__)

START_WITHIN_S = 10.0
MOST_BEFORE_START = 20
FAILED = 1011
GONE_WITHIN_S = 2.0
SERVER_STOPS = 1012
"""The code with which our own server closes sockets when it shuts down."""


class CarrierConsumer(AsyncConsumer):
    """One media socket. The call that it feeds may outlive it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._receive, self._send = receive, send
        self._call_id: str = scope["url_route"]["kwargs"]["call_id"]
        self._wire = Wire()
        self._rejected: list[Event] = []
        if (await receive())["type"] != "websocket.connect":
            return
        signature = header(scope, b"x-twilio-signature")
        if signature and not await open_in_thread(
            upgrade_is_genuine, self._call_id, signature, scope["path"]
        ):
            logger.warning("A media socket came with a forged signature", call=self._call_id)
            await send({"type": "websocket.close", "code": REFUSED})
            return
        await send({"type": "websocket.accept"})
        try:
            started = await asyncio.wait_for(self._wait_for_start(), START_WITHIN_S)
        except TimeoutError:
            started = None
            logger.warning("A media socket never sent its start", call=self._call_id)
        if started is None:
            await self._close(REFUSED, "no_start")
            return
        await self._carry(started)

    async def _wait_for_start(self) -> LegOpened | None:
        """The first ``start``; None when the socket closes before it, or talks too much nonsense."""
        while len(self._rejected) < MOST_BEFORE_START:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return None
            for event in self._decode(message):
                if isinstance(event, LegOpened):
                    return event
                if isinstance(event, FrameRejected):
                    self._rejected.append(event)
        return None

    def _decode(self, message: dict[str, Any]) -> list[Event]:
        text = message.get("text")
        return self._wire.decode(text if text is not None else message.get("bytes") or b"")

    # -- a proven stream --------------------------------------------------------------------------

    async def _carry(self, started: LegOpened) -> None:
        try:
            live = await self._join(started)
        except (MediaRefused, NotReady) as refused:
            logger.warning("A media socket was refused", call=self._call_id, reason=refused.code)
            await self._close(REFUSED, refused.code)
            return
        leg = SocketLeg(self._wire, self._send, overflow=lambda: live.session.feed(LegLost("too slow")))
        replaced = live.session.attach(leg)
        if replaced is not None:
            await replaced.close()
        for event in [*self._rejected, started]:
            live.session.feed(event)
        await self._pump(live, leg)
        if live.task is not None:
            await asyncio.wait([live.task])

    async def _join(self, started: LegOpened) -> LiveCall:
        """The call that this stream belongs to: carried here already, or from now on. Raises MediaRefused."""
        calls = live_calls()
        opening = Opening(
            call_id=self._call_id,
            token=started.parameters.get("token", ""),
            carrier_call_id=started.carrier_call_id,
            account_id=started.account_id,
            owner=calls.owner,
            carried=calls.carried(self._call_id) is not None,
        )
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

    async def _pump(self, live: LiveCall, leg: SocketLeg) -> None:
        """Frames in and frames out, until either side closes."""
        reading = asyncio.create_task(self._read(live, leg), name=f"media in {self._call_id}")
        writing = asyncio.create_task(leg.write(), name=f"media out {self._call_id}")
        try:
            await asyncio.wait([reading, writing], return_when=asyncio.FIRST_COMPLETED)
            if writing.done() and writing.exception() and not reading.done():
                # The carrier is gone. The reader is told so next, and tells the call.
                await asyncio.wait([reading], timeout=GONE_WITHIN_S)
            if not reading.done():
                await self._close(leg.close_code)
                if writing.done() and writing.exception():
                    live.session.feed(LegLost("frames cannot be sent"))
            elif fault := reading.exception():
                # Unseen, it would leave a caller on an open line whom nobody hears.
                logger.error("A media socket failed", call=self._call_id, exc_info=fault)
                await self._close(FAILED)
                live.session.feed(LegLost("a fault of ours"))
        finally:
            leg.stop()
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)

    async def _read(self, live: LiveCall, leg: SocketLeg) -> None:
        session = live.session
        stopped = False
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                break
            for event in self._decode(message):
                stopped = stopped or isinstance(event, LegStopped)
                session.feed(event)
        if session.leg is leg and not stopped:
            going = message.get("code") == SERVER_STOPS
            session.feed(HangUpAsked("worker_lost") if going else LegLost(f"code {message.get('code')}"))

    async def _close(self, code: int = NORMAL, reason: str = "") -> None:
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except RuntimeError:
            pass  # the carrier closed it at the same moment
