"""The media socket of a call: a client of the application, driven by the handset's clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from patter.simulators.carrier.faults import CarrierFaults
from patter.simulators.carrier.marks import LateMarks
from patter.simulators.carrier.network import Network
from patter.simulators.line import Bunches
from patter.simulators.observed import ObservedCall
from patter.simulators.play_buffer import PlayBuffer, Underrun

OPEN_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 2.0
LINGER_S = 10.0
# A message may be any size on the wire; only our own parser for incoming frames is bounded.
MAX_MESSAGE_CHARS = 16 * 1024 * 1024
IN_ORDER = (1000, 1001, 1005)
"""Codes of a socket that was closed in order."""


class Side(Protocol):
    """The carrier's words on the socket: pure, text in and text out."""

    buffer: PlayBuffer
    counts: Counter[str]

    def connected(self) -> str: ...

    def start(self) -> str: ...

    def stop(self) -> str: ...

    def play(self, now_ms: float) -> tuple[bytes, list[str]]:
        """The agent's frame that sounds now, and what there is to say about marks."""

    def receive(self, message: str | bytes, now_ms: float) -> list[str]:
        """Take a message of the application; what the carrier answers comes back."""


class MediaSocket:
    """Meets ``Ear`` for one open socket. Each carrier says how its media and keys are written.

    Args:
        clock: the handset's, in milliseconds since the answer.
        profile: what the line does to the caller's sound on its way.
    """

    def __init__(
        self,
        socket: ClientConnection,
        side: Side,
        call: ObservedCall,
        faults: CarrierFaults,
        profile: frozenset[str],
        clock: Callable[[], float],
    ) -> None:
        self._socket = socket
        self._side = side
        self._call = call
        self._faults = faults
        self._clock = clock
        self._opened_ms = self._started_ms = clock()
        self._started = False
        self._out: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._bunches = Bunches(profile)
        self._network = Network(faults)
        self._marks = LateMarks(faults)
        self._moving: list[asyncio.Task[None]] = []
        self.lost = False
        """The carrier tore it down."""
        self.is_half_open = False

    # -- what each carrier writes in its own way ------------------------------------------------

    def _media(self, sound: bytes, at_ms: int, now_ms: int) -> list[str]:
        """The messages for one packet."""
        raise NotImplementedError

    def _keys(self, digit: str) -> list[str]:
        raise NotImplementedError

    def _report(self) -> None:
        """Tell the call what the side has to complain of."""
        raise NotImplementedError

    def _look(self, at_ms: int) -> None:
        """Whatever else a carrier does every 20 ms of the stream."""

    # -- the handset's side -------------------------------------------------------------------

    def play(self, now_ms: int) -> bytes:
        frame, messages = self._side.play(now_ms - self._started_ms)
        self._say(self._marks.delayed(messages, now_ms))
        return frame

    def hear(self, frame: bytes, now_ms: int) -> None:
        self._start_in_time(now_ms)
        if self._started:
            at_ms = max(0, int(now_ms - self._started_ms))
            for sound, from_ms in self._network.take(frame, at_ms):
                self._call.media.counts["caller_bytes_sent"] += len(sound)
                self._say(self._media(sound, from_ms, at_ms))
            self._break_in_time(at_ms)
            self._look(at_ms)
        for message in self._bunches.tick():
            self._out.put_nowait(message)

    def press(self, digit: str) -> None:
        messages = self._keys(digit)
        self._say([*messages, *messages] if self._faults.repeated_digits else messages)

    # -- the application's side ---------------------------------------------------------------

    def greet(self) -> None:
        """``connected`` and ``start``, and what the call's faults add to them."""
        self._call.stream = self
        self._out.put_nowait(self._side.connected())
        if self._faults.media_before_start:
            self._out.put_nowait('{"event":"media","sequenceNumber":"1","media":{"payload":""}}')
        self._start_in_time(self._opened_ms)

    async def run(self) -> None:
        """Until the socket is closed, by whomever."""
        moving = self._moving = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        try:
            await asyncio.wait(moving[:1])
            if not moving[0].cancelled():
                moving[0].result()
            if self.is_half_open:
                await asyncio.Event().wait()
        finally:
            for task in moving:
                task.cancel()
            await asyncio.gather(*moving, return_exceptions=True)

    def lose(self) -> None:
        """The carrier tears the socket down, without a word."""
        self.lost = True
        self._socket.transport.abort()

    async def leave(self) -> None:
        """The carrier ends the stream: ``stop``, then close."""
        faults = self._faults
        if self.is_half_open or faults.close_abnormally:
            self._socket.transport.abort()
            return
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                for message in self._unsent():
                    await self._socket.send(message)
                if not faults.close_without_stop:
                    await self._socket.send(self._side.stop())
        if not faults.stop_without_close:
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

    @property
    def close_code(self) -> int:
        return self._socket.close_code or 1005

    # -- parts ----------------------------------------------------------------------------------

    def _start_in_time(self, now_ms: float) -> None:
        faults = self._faults
        if self._started or faults.no_start or now_ms - self._opened_ms < faults.late_start_ms:
            return
        self._started, self._started_ms = True, max(now_ms, self._started_ms)
        self._out.put_nowait(self._side.start())
        if faults.garbage_text:
            self._out.put_nowait("\x00{not json")
        if faults.binary_frame:
            self._out.put_nowait(b"\x01\x02\x03")
        if faults.huge_frame:
            self._out.put_nowait('{"event":"media","x":"' + "A" * 1_000_000 + '"}')

    def _break_in_time(self, at_ms: int) -> None:
        faults = self._faults
        if 0 < faults.lose_socket_at_ms <= at_ms and not self.lost:
            self.lose()
        if 0 < faults.half_open_at_ms <= at_ms and not self.is_half_open:
            self.is_half_open = True
            self._call.note("half_open")
            # Not even pings are answered any more, as by a machine that has gone.
            self._socket.transport.pause_reading()
            self._stop_moving()

    def _stop_moving(self) -> None:
        """Nothing is read or written any more."""
        for task in self._moving:
            task.cancel()

    def _unsent(self) -> list[str | bytes]:
        messages: list[str | bytes] = []
        while not self._out.empty():
            messages.append(self._out.get_nowait())
        return [*messages, *self._bunches.flush()]

    async def _read(self) -> None:
        clears = 0
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = await self._socket.recv()
                now_ms = self._clock()
                answers = self._side.receive(message, now_ms - self._started_ms)
                self._say(self._marks.delayed(answers, now_ms))
                self._report()
                if self._side.counts["clear"] > clears:
                    clears = self._side.counts["clear"]
                    self._call.note("cleared")

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._socket.send(await self._out.get())

    def _say(self, messages: list[str]) -> None:
        for message in self._bunches.take(messages):
            self._out.put_nowait(message)
