"""The media socket of a leg: a client of the application, driven by the handset's clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from patter.carriers.telnyx.wire import TOKEN_NAME
from patter.simulators.line import Bunches
from patter.simulators.play_buffer import Underrun
from patter.simulators.telnyx.disorder import Disorder, Hush, Packets
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.plan import StreamPlan
from patter.simulators.telnyx.stream_side import StreamSide

OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 2.0
LINGER_S = 10.0
MUTE_MS = 1600


class CannotStream(Exception):
    """The socket could not be opened. The text is the ``failure_reason``."""


async def open_socket(plan: StreamPlan) -> ClientConnection:
    """The upgrade, with the token in its header. Raises CannotStream."""
    try:
        return await connect(
            plan.url,
            additional_headers={TOKEN_NAME: plan.token} if plan.token else {},
            user_agent_header="telnyx",
            compression=None,
            proxy=None,
            max_size=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=None,
        )
    except (InvalidURI, InvalidHandshake, OSError, TimeoutError) as error:
        raise CannotStream("connection_failed") from error


class MediaStream:
    """Meets ``Ear`` for one open socket. ``started_ms`` is the handset's clock at ``start``."""

    def __init__(
        self, socket: ClientConnection, side: StreamSide, leg: Leg, clock: Callable[[], float]
    ) -> None:
        faults = leg.order.faults
        self._socket = socket
        self._side = side
        self._leg = leg
        self._faults = faults
        self._clock = clock
        self._started_ms = clock()
        self._out: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._bunches = Bunches(leg.order.phone.profile)
        self._disorder = Disorder(faults)
        self._packets = Packets(faults.frame_ms)
        self._held_digit: str | None = None
        self._hush, self._silent = Hush(), False
        self.lost = False

    # -- the handset's side -------------------------------------------------------------------

    def play(self, now_ms: int) -> bytes:
        frame, messages = self._side.play(now_ms - self._started_ms)
        self._say(messages)
        return frame

    def hear(self, frame: bytes, now_ms: int) -> None:
        at_ms, faults = max(0, int(now_ms - self._started_ms)), self._faults
        self._silent = self._silent or (faults.goes_silent_after_voice and self._hush.fell(frame))
        packet = self._packets.take(frame, at_ms)
        if packet is not None and not faults.connected_only and not self._silent:
            if faults.empty_payloads:
                self._say(self._disorder.pass_on(self._side.empty_media(packet[1]), at_ms))
            self._say(self._disorder.pass_on(self._side.media(*packet), at_ms))
        for message in self._bunches.tick():
            self._out.put_nowait(message)
        if 0 < faults.lose_socket_at_ms <= at_ms and not self.lost:
            self.lost = True
            self._socket.transport.abort()
        mute = faults.drops_mute_calls and at_ms > MUTE_MS and not self._side.counts["sounded"]
        if mute:
            self._leg.end("mute_call_dropped", "normal_clearing", "unknown", "unspecified")

    def press(self, digit: str) -> None:
        occurred_at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        message = self._side.digit(digit, occurred_at)
        if self._faults.shuffled_digits and self._held_digit is None:
            self._held_digit = message
            return
        self._say([message, *([self._held_digit] if self._held_digit else [])])
        self._held_digit = None

    # -- the application's side ---------------------------------------------------------------

    def greet(self) -> None:
        """``connected`` and ``start``, and what the leg's faults add to them."""
        faults, side = self._faults, self._side
        self._out.put_nowait(side.connected())
        if faults.media_before_start:
            self._out.put_nowait('{"event":"media","sequence_number":"1","media":{"payload":""}}')
        if faults.connected_only:
            return
        self._out.put_nowait(side.start())
        if faults.garbage_text:
            self._out.put_nowait("\x00{not json")
        if faults.binary_frame:
            self._out.put_nowait(b"\x01\x02\x03")
        if faults.huge_frame:
            self._out.put_nowait('{"event":"media","x":"' + "A" * 1_000_000 + '"}')

    async def run(self) -> None:
        """Until the socket is closed, by whomever."""
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

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
                self._leg.note("application_closed")
        await self._socket.close()

    def settle(self) -> None:
        """Give what was measured to the leg."""
        media, buffer = self._leg.media, self._side.buffer
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
            messages.append(self._out.get_nowait())
        return [*messages, *self._bunches.flush()]

    async def _read(self) -> None:
        side = self._side
        complaints = clears = 0
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = await self._socket.recv()
                self._say(side.receive(message, self._clock() - self._started_ms))
                for complaint in side.complaints[complaints:]:
                    self._leg.complain(complaint)
                if side.counts["clear"] > clears:
                    self._leg.note("cleared")
                complaints, clears = len(side.complaints), side.counts["clear"]

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._socket.send(await self._out.get())

    def _say(self, messages: list[str]) -> None:
        for message in self._bunches.take(messages):
            self._out.put_nowait(message)
