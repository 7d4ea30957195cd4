"""How a leg's frames leave: at once where the server can do that, else by the task, which waits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from patter.audio.frames import silence
from patter.bridge.commands import Clear, Mark, Play
from patter.carriers.leg import SocketLeg
from patter.carriers.twilio.wire import Wire

START = (
    '{"event":"start","streamSid":"MZ1","start":{"accountSid":"AC1","callSid":"CA1",'
    '"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000}}}'
)
PATIENCE_S = 20


class Carrier:
    """Is written to directly while it ``takes``; what the task sends waits for ``gate``."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.writes = 0
        self.takes = True
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    def write_now(self, texts: Sequence[str]) -> bool:
        if self.takes:
            self.heard += [("now", kind_of(text)) for text in texts]
            self.writes += 1
        return self.takes

    async def send(self, message: dict[str, Any]) -> None:
        self.asked.set()
        await self.gate.wait()
        self.heard.append(("task", kind_of(message["text"])))


def kind_of(text: str) -> str:
    kind = text.split('"')[3]
    return f"{kind} {len(text) > 400}" if kind == "media" else kind


@contextlib.asynccontextmanager
async def leg_to(carrier: Carrier, *, direct: bool = True) -> AsyncIterator[SocketLeg]:
    wire = Wire()
    wire.decode(START)
    leg = SocketLeg(wire, carrier.send, lambda: None, write_now=carrier.write_now if direct else None)
    task = asyncio.create_task(leg.write())
    await asyncio.sleep(0)
    yield leg
    leg.stop()
    await asyncio.wait_for(task, PATIENCE_S)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_said_in_one_moment_leaves_as_one_frame_without_the_task():
    carrier = Carrier()
    async with leg_to(carrier) as leg:
        for command in (Play(silence(20)), Play(silence(20)), Mark("m0"), Play(silence(20))):
            leg.send(command)
        assert carrier.heard == []
        await settled()
    assert carrier.heard == [("now", "media True"), ("now", "mark"), ("now", "media False")]
    assert carrier.writes == 1


async def test_what_is_refused_the_task_sends_in_order_and_nothing_overtakes_it():
    carrier = Carrier()
    async with leg_to(carrier) as leg:
        carrier.takes = False
        carrier.gate.clear()
        for command in (Play(silence(20)), Mark("m0")):
            leg.send(command)
        await asyncio.wait_for(carrier.asked.wait(), PATIENCE_S)
        carrier.takes = True
        leg.send(Clear())
        await settled()
        assert carrier.heard == []
        carrier.gate.set()
        await settled()
        assert carrier.heard == [("task", "media False"), ("task", "mark"), ("task", "clear")]
        leg.send(Mark("m1"))
        await settled()
    assert carrier.heard[3:] == [("now", "mark")]


async def test_what_was_said_before_the_end_is_still_sent():
    carrier = Carrier()
    async with leg_to(carrier) as leg:
        leg.send(Play(silence(20)))
        leg.stop()
        leg.send(Mark("too late"))
    assert [kind for _, kind in carrier.heard] == ["media False"]


async def test_without_a_server_that_can_the_task_writes_everything():
    carrier = Carrier()
    async with leg_to(carrier, direct=False) as leg:
        leg.send(Play(silence(20)))
        leg.send(Mark("m0"))
        await settled()
    assert carrier.heard == [("task", "media False"), ("task", "mark")]
