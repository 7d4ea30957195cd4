"""A phone on a real line: strict carrier, media socket and providers over loopback, in real time.

The carrier's side is the simulator's own ``StreamSide``: it takes no field too many or too few, plays in
real time from a buffer, and echoes marks as Twilio does, after a clear too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from patter.audio.frames import FRAME_BYTES, FRAME_MS, silence
from patter.bridge.call import CallMachine
from patter.bridge.plan import CallPlan
from patter.bridge.records import CallEnded, Noted, TurnSettled
from patter.bridge.session import CallSession, Performers
from patter.carriers.kinds import STREAM_KINDS
from patter.carriers.media import MediaSocket
from patter.engines.pipeline.machine import PipelineMachine
from patter.simulators.line import PhoneLine
from patter.simulators.sound import tone
from patter.simulators.twilio import Faults
from patter.simulators.twilio.stream_side import Ids, StreamSide
from patter.testing.fakes import FakeControl, FakeLog

PATIENCE_S = 30.0
TWILIO = STREAM_KINDS["twilio"]
QUIET = silence(FRAME_MS)


class Home:
    """Our side: every socket is a leg of the one call, which ``run`` carries to its end."""

    def __init__(self, plan: CallPlan, performers: Performers, *, on_hang_up: Callable[[], None]) -> None:
        self.log, self.control = FakeLog(), _Control(on_hang_up)
        machine = CallMachine(plan, PipelineMachine, asyncio.get_running_loop().time())
        self.session = CallSession(machine, control=self.control, performers=performers, log=self.log)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        socket = MediaSocket(TWILIO, TWILIO.wire(scope), receive, send, scope=scope)
        await socket.accept()
        started = await socket.wait_for_start()
        if started is None:
            await socket.close(1008, "no_start")
            return
        fault = await socket.carry(self.session, started)
        assert fault is None, fault

    # -- what the call says of itself -------------------------------------------------------------

    def _entries(self, kind: type) -> list[Any]:
        return [entry for entry in self.log.entries if isinstance(entry, kind)]

    @property
    def turns(self) -> list[TurnSettled]:
        return self._entries(TurnSettled)

    @property
    def kinds(self) -> list[str]:
        return [entry.kind for entry in self._entries(Noted)]

    @property
    def end(self) -> CallEnded:
        [ended] = self._entries(CallEnded)
        return ended


class _Control(FakeControl):
    def __init__(self, on_hang_up: Callable[[], None]) -> None:
        super().__init__()
        self._on_hang_up = on_hang_up

    async def hang_up(self, carrier_call_id: str) -> None:
        await super().hang_up(carrier_call_id)
        self._on_hang_up()


@dataclass
class Phone:
    """The carrier's end of one stream. ``says`` queues sound; ``played`` is what came out of it."""

    socket: ClientConnection
    stream_sid: str = "MZ1"
    echoes_marks: bool = True
    played: bytearray = field(default_factory=bytearray)
    most_queued_bytes: int = 0
    cleared_at: list[int] = field(default_factory=list)
    at_ms: int = 0
    silent_line: bool = False
    """The carrier sends no frames of silence."""
    line: PhoneLine = field(default_factory=PhoneLine)
    """What the line does to the caller's frames: noise, the agent's echo."""
    began_ms: list[int] = field(default_factory=list)
    """Where on the carrier's clock the agent's voice began to be heard, after 300 ms of silence or more."""

    def __post_init__(self) -> None:
        self.side = StreamSide(
            Ids(self.stream_sid, "AC1", "CA1"), Faults(marks_never_echoed=not self.echoes_marks)
        )
        self._sounds: deque[bytes] = deque()
        self._sounded_ms = -1000
        self.held: list[str] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.over = asyncio.Event()

    async def start(self) -> None:
        for message in (self.side.connected(), self.side.start()):
            await self.socket.send(message)
        self._tasks = [asyncio.create_task(self._tick()), asyncio.create_task(self._read())]

    def says(self, sound: bytes) -> None:
        self._sounds += [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]

    async def speaks(self, ms: int = 1000) -> None:
        """Say something of this length; returns when it was said."""
        self.says(tone(ms))
        await self.until(lambda: not self._sounds)

    async def press(self, digit: str) -> None:
        await self.socket.send(self.side.digit(digit))

    async def passes(self, ms: int) -> None:
        """So much time of the line's own clock."""
        end = self.at_ms + ms
        await self.until(lambda: self.at_ms >= end)

    async def until(self, happened: Callable[[], object], within_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(within_s):
            while not happened():
                assert not self.over.is_set() or happened(), "the line is gone"
                await asyncio.sleep(FRAME_MS / 1000 / 2)

    @property
    def sounding_ms(self) -> int:
        """How much of the agent's voice was heard so far."""
        return len(self.played) // 8

    async def hang_up(self, *, stop: bool = True, close: bool = True) -> None:
        if stop:
            await self.socket.send(self.side.stop())
        if close:
            await self.socket.close()
            self.over.set()

    def leave(self) -> None:
        self._tasks.append(asyncio.create_task(self.hang_up()))

    async def put_away(self) -> None:
        self.over.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.socket.close()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        with contextlib.suppress(ConnectionClosed):
            while not self.over.is_set():
                frame, messages = self.side.play(self.at_ms)
                if frame != QUIET:
                    self._sounds_now()
                    self.played += frame
                if self._sounds or not self.silent_line:
                    said = self._sounds.popleft() if self._sounds else QUIET
                    messages.append(self.side.media(self.line.carry(said, frame), self.at_ms))
                self.at_ms += FRAME_MS
                await self._send(messages)
                due += FRAME_MS / 1000
                await asyncio.sleep(max(0.0, due - loop.time()))

    def _sounds_now(self) -> None:
        if self.at_ms - self._sounded_ms >= 300:
            self.began_ms.append(self.at_ms)
        self._sounded_ms = self.at_ms

    async def _send(self, messages: list[str]) -> None:
        """Frames of a line that stutters wait in ``held``."""
        if self.held is not None:
            self.held += messages
            return
        for message in messages:
            await self.socket.send(message)

    async def release(self) -> None:
        """What was held comes in one go."""
        held, self.held = self.held or [], None
        for message in held:
            await self.socket.send(message)

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in self.socket:
                before = self.side.counts["clear"]
                answers = self.side.receive(message, self.at_ms)
                if self.side.counts["clear"] > before:
                    self.cleared_at.append(self.at_ms)
                self.most_queued_bytes = max(self.most_queued_bytes, self.side.buffer.queued_bytes)
                await self._send(answers)
        self.over.set()


@dataclass
class Call:
    """A call that is up. ``another`` dials a second socket of it."""

    home: Home
    phone: Phone
    address: str
    running: asyncio.Task[None]

    async def another(self, stream_sid: str = "MZ2") -> Phone:
        phone = Phone(await connect(self.address, compression=None, proxy=None), stream_sid)
        await phone.start()
        return phone

    async def ended(self) -> str:
        """Wait for the end; its reason."""
        await asyncio.wait_for(asyncio.shield(self.running), PATIENCE_S)
        return self.home.end.reason


@contextlib.asynccontextmanager
async def calling(
    plan: CallPlan, performers: Performers, *, record: bool = False, **phone: Any
) -> AsyncIterator[Call]:
    """Dial, and hang up whatever is left afterwards. The strict carrier had nothing to complain of."""
    up: list[Phone] = []
    home = Home(replace(plan, record=record), performers, on_hang_up=lambda: [each.leave() for each in up])
    server = uvicorn.Server(
        uvicorn.Config(home, port=0, ws="websockets-sansio", lifespan="off", log_config=None)
    )
    serving = asyncio.create_task(server.serve())
    running = asyncio.create_task(home.session.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
                await asyncio.sleep(0.01)
        address = f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        up.append(Phone(await connect(address, compression=None, proxy=None), **phone))
        await up[0].start()
        yield Call(home, up[0], address, running)
        assert [trouble.code for trouble in up[0].side.troubles] == []
    finally:
        for each in up:
            await each.put_away()
        server.should_exit = True
        await asyncio.wait_for(serving, PATIENCE_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
