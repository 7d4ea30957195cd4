"""The media socket of a call: a client of the application, driven by the handset's clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from patter.carriers.twilio.signature import HEADER, sign
from patter.simulators.line import Bunches
from patter.simulators.play_buffer import Underrun
from patter.simulators.twilio.call import Call
from patter.simulators.twilio.framing import Framing
from patter.simulators.twilio.stream_side import StreamSide
from patter.simulators.twilio.trouble import Trouble, TroubleError
from patter.simulators.twilio.twiml import StreamPlan
from patter.simulators.twilio.webhooks import USER_AGENT, signed_url

OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 2.0
LINGER_S = 10.0


async def open_socket(plan: StreamPlan, call: Call) -> ClientConnection:
    """The upgrade, signed. Raises TroubleError with the code that Twilio gives to the failure."""
    token = "wrong" if call.order.faults.forged_upgrade else call.order.account.auth_token
    try:
        return await connect(
            plan.url,
            additional_headers={HEADER.lower(): sign(token, signed_url(plan.url))},
            user_agent_header=USER_AGENT,
            compression=None,
            proxy=None,
            max_size=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=None,
        )
    except InvalidURI:
        raise TroubleError(31923, "malformed address") from None
    except InvalidHandshake as error:
        raise TroubleError(31920, f"the upgrade was refused: {error}") from None
    except TimeoutError:
        raise TroubleError(31901, "no connection in time") from None
    except ConnectionRefusedError:
        raise TroubleError(31902, "connection refused") from None
    except OSError as error:
        raise TroubleError(31910 if "SSL" in type(error).__name__ else 31904, str(error)) from None


class MediaStream:
    """Meets ``Ear`` for one open socket. ``started_ms`` is the handset's clock at ``start``."""

    def __init__(
        self, socket: ClientConnection, side: StreamSide, call: Call, clock: Callable[[], float]
    ) -> None:
        self._socket = socket
        self._side = side
        self._call = call
        self._faults = call.order.faults
        self._clock = clock
        self._started_ms = clock()
        self._out: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._bunches = Bunches(call.order.profile)
        self._framing = Framing(call.order.faults)
        self._lost = False
        self.broken = False
        """The socket closed otherwise than in order."""

    # -- the handset's side -------------------------------------------------------------------

    def play(self, now_ms: int) -> bytes:
        frame, messages = self._side.play(now_ms - self._started_ms)
        self._say(messages)
        return frame

    def hear(self, frame: bytes, now_ms: int) -> None:
        at_ms = max(0, int(now_ms - self._started_ms))
        if not self._faults.no_start:
            self._say([self._side.media(piece, at) for piece, at in self._framing.take(frame, at_ms)])
        for message in self._bunches.tick():
            self._out.put_nowait(message)
        if 0 < self._faults.lose_socket_at_ms <= at_ms and not self._lost:
            self._lost = True
            self._socket.transport.abort()

    def press(self, digit: str) -> None:
        self._say([self._side.digit(digit)])

    # -- the application's side ---------------------------------------------------------------

    def greet(self) -> None:
        """``connected`` and ``start``, and what the call's faults add to them."""
        faults, side = self._faults, self._side
        self._out.put_nowait(side.connected())
        if faults.media_before_start:
            self._out.put_nowait('{"event":"media","sequenceNumber":"1","media":{"payload":""}}')
        if faults.no_start:
            return
        self._out.put_nowait(side.start())
        if faults.garbage_text:
            self._out.put_nowait("\x00{not json")
        if faults.binary_frame:
            self._out.put_nowait(b"\x01\x02\x03")
        if faults.huge_frame:
            self._out.put_nowait('{"event":"media","x":"' + "A" * 1_000_000 + '"}')

    async def run(self) -> None:
        """Until the application closes the socket. Notes how it ended."""
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        code = self._socket.close_code
        self.broken = self._lost or code not in (1000, 1001, 1005)
        if code not in (1000, 1001, 1005):
            self._call.trouble(Trouble(31921, f"the socket closed with code {code}"))

    async def leave(self) -> None:
        """The carrier ends the stream: ``stop``, then close."""
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                for message in self._unsent():
                    await self._socket.send(message)
                if not self._faults.close_without_stop:
                    await self._socket.send(self._side.stop())
        if not self._faults.stop_without_close:
            await self._socket.close()

    async def linger(self) -> None:
        """What became of a socket that was left open: the application closes it, or nobody does."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await self._socket.wait_closed()
                self._call.note("application_closed")
        await self._socket.close()

    def settle(self) -> None:
        """Give what was measured to the call."""
        media, buffer = self._call.media, self._side.buffer
        media.counts.update(self._side.counts)
        media.counts.update(
            agent_bytes_received=buffer.received_bytes,
            agent_bytes_played=buffer.played_bytes,
            agent_bytes_cleared=buffer.cleared_bytes,
        )
        media.underruns += [Underrun(self._started_ms + u.at_ms, u.gap_ms) for u in buffer.underruns]

    def _unsent(self) -> list[str | bytes]:
        messages: list[str | bytes] = []
        while not self._out.empty():
            if (message := self._out.get_nowait()) is not None:
                messages.append(message)
        return [*messages, *self._bunches.flush()]

    async def _read(self) -> None:
        side = self._side
        troubles = clears = 0
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = await self._socket.recv()
                self._say(side.receive(message, self._clock() - self._started_ms))
                for trouble in side.troubles[troubles:]:
                    self._call.trouble(trouble)
                if side.counts["clear"] > clears:
                    self._call.note("cleared")
                troubles, clears = len(side.troubles), side.counts["clear"]

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (message := await self._out.get()) is not None:
                await self._socket.send(message)

    def _say(self, messages: list[str]) -> None:
        for message in self._bunches.take(messages):
            self._out.put_nowait(message)
