"""A carrier's media socket over ASGI, the same in both homes: its start, then frames in and frames out.

Whoever owns the socket decides what the start must prove; nothing is contacted before that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from patter.bridge.events import Event, FrameRejected, HangUpAsked, LegLost, LegOpened, LegStopped
from patter.bridge.session import CallSession
from patter.carriers.direct import Message, Receive, deliver, writer
from patter.carriers.kinds import StreamKind
from patter.carriers.leg import NORMAL, Send, SocketLeg
from patter.carriers.media_wire import MediaWire

START_WITHIN_S = 10.0
MOST_BEFORE_START = 20
FAILED = 1011
SERVER_STOPS = 1012
"""The code with which our own server closes sockets when it shuts down."""
GONE_WITHIN_S = 2.0
HOLD_S = 0.12
"""A little longer than the frames that a wire holds back take to come."""


class MediaSocket:
    """One socket of one stream. The call that it feeds may outlive it.

    ``scope`` is the socket's; in it the server says what it can do beyond ASGI (``direct.py``).
    """

    def __init__(
        self,
        kind: StreamKind,
        wire: MediaWire,
        receive: Receive,
        send: Send,
        *,
        scope: Mapping[str, Any] | None = None,
    ) -> None:
        self._kind = kind
        self._wire = wire
        self._scope = scope or {}
        self._receive = receive
        self._send = send
        self._rejected: list[Event] = []
        self._held: asyncio.TimerHandle | None = None
        self.left_by_carrier = False
        """The stream ended without a word while it was the session's own: the call itself may still be up."""

    async def accept(self) -> None:
        await self._send({"type": "websocket.accept"})

    async def wait_for_start(self, within_s: float = START_WITHIN_S) -> LegOpened | None:
        """The stream's ``start``; None when the socket closes before it, or talks too much nonsense.

        Raises TimeoutError.
        """
        async with asyncio.timeout(within_s):  # wait_for may swallow a cancellation before Python 3.12
            return await self._find_start()

    async def _find_start(self) -> LegOpened | None:
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

    async def carry(self, session: CallSession, started: LegOpened) -> BaseException | None:
        """Be the session's newest leg until either side closes. Gives the fault of ours that ended it."""
        leg = SocketLeg(
            self._wire,
            self._send,
            overflow=lambda: session.feed(LegLost("too slow")),
            silence_every_s=self._kind.silence_every_s,
            write_now=writer(self._scope),
        )
        replaced = session.attach(leg)
        if replaced is not None:
            await replaced.close()
        for event in [*self._rejected, started]:
            session.feed(event)
        return await self._pump(session, leg)

    async def _pump(self, session: CallSession, leg: SocketLeg) -> BaseException | None:
        reading = asyncio.create_task(self._read(session, leg), name="media in")
        writing = asyncio.create_task(leg.write(), name="media out")
        try:
            await asyncio.wait([reading, writing], return_when=asyncio.FIRST_COMPLETED)
            if writing.done() and writing.exception() and not reading.done():
                # The carrier is gone. The reader is told so next, and tells the call.
                await asyncio.wait([reading], timeout=GONE_WITHIN_S)
            if not reading.done():
                await self.close(leg.close_code)
                if writing.done() and writing.exception():
                    session.feed(LegLost("frames cannot be sent"))
            elif fault := reading.exception():
                # Unseen, it would leave a caller on an open line whom nobody hears.
                await self.close(FAILED)
                session.feed(LegLost("a fault of ours"))
                return fault
            return None
        finally:
            leg.stop()
            if self._held is not None:
                self._held.cancel()
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)

    async def _read(self, session: CallSession, leg: SocketLeg) -> None:
        stopped = False

        def hear(message: Message) -> None:
            nonlocal stopped
            leg.heard += 1
            for event in self._decode(message):
                stopped = stopped or isinstance(event, LegStopped)
                session.feed(event)
            if self._wire.holds and self._held is None:
                self._held = asyncio.get_running_loop().call_later(HOLD_S, self._release, session)

        closed = await deliver(self._scope, self._receive, hear)
        if session.leg is leg and not stopped:
            going = closed.get("code") == SERVER_STOPS
            self.left_by_carrier = not going
            session.feed(HangUpAsked("worker_lost") if going else LegLost(f"code {closed.get('code')}"))

    def _release(self, session: CallSession) -> None:
        """What the wire held back for the sake of order has waited long enough."""
        self._held = None
        for event in self._wire.release():
            session.feed(event)

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Harmless when it is already closed."""
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except RuntimeError:
            pass  # the carrier closed it at the same moment
