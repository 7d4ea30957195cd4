"""Recognisers that fail at every moment, or keep no deadline at all, and who listens then."""

import asyncio

import pytest

from patter.bridge.events import SttClosed, SttFailed, SttHeard, SttOpened
from sdk.python.tests.chains.links import Emit, Link, Rig, forever, script


class Ears:
    """A link that opens (or not) and then does what the test says."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.stt = rig, rig.stt()
        self.task = asyncio.create_task(self.stt.run("stt1", rig.events.append))


OPENS = script(SttOpened, forever)


@pytest.mark.parametrize(
    "first",
    [
        script(lambda asked: SttFailed(asked, "x", permanent=True)),
        script(SttClosed),
        script(RuntimeError("x")),
        script(forever),
    ],
    ids=["refused", "closed", "raises", "never opens"],
)
async def test_ears_that_do_not_open_are_replaced(first):
    rig = Rig(Link(first), second := Link(OPENS), stage="stt")
    ears = Ears(rig)
    await asyncio.sleep(0.1)
    assert rig.others == [SttOpened("stt1")] and len(rig.switches) == 1
    ears.stt.send(b"x" * 160)
    ears.stt.finalize()
    assert second.heard == b"x" * 160 and second.finalized == 1
    ears.task.cancel()
    await asyncio.wait([ears.task])
    assert rig.events[-1] == SttClosed("stt1")


async def test_ears_that_fail_in_mid_word_leave_the_last_2_seconds_to_the_next():
    fail = asyncio.Event()

    async def hears(emit: Emit, asked: str) -> None:
        emit(SttOpened(asked))
        await asyncio.sleep(0.03)
        emit(SttHeard(asked, "first", final=True))
        await fail.wait()
        emit(SttFailed(asked, "gone"))

    rig = Rig(first := Link(hears), second := Link(script(0.03, SttOpened, forever)), stage="stt")
    ears = Ears(rig)
    await asyncio.sleep(0.01)
    ears.stt.send(b"0" * 160)
    await asyncio.sleep(0.04)
    for number in range(1, 251):  # 5 s
        ears.stt.send(bytes([number]) * 160)
    ears.stt.finalize()
    fail.set()
    await asyncio.sleep(0.01)
    ears.stt.send(b"\xff" * 160)  # while nobody listens
    await asyncio.sleep(0.06)
    assert len(first.heard) == 251 * 160
    assert second.heard == b"".join(bytes([n]) * 160 for n in range(152, 251)) + b"\xff" * 160
    assert second.finalized == 1
    assert rig.others == [SttOpened("stt1"), SttHeard("stt1", "first", final=True)]
    ears.task.cancel()
    await asyncio.wait([ears.task])


@pytest.mark.parametrize("permanent", [True, False])
async def test_when_all_ears_failed_it_is_told_once(permanent):
    failing = script(lambda asked: SttFailed(asked, "x", permanent=permanent))
    rig = Rig(Link(script(lambda asked: SttFailed(asked, "y", permanent=True))), Link(failing), stage="stt")
    await Ears(rig).task
    assert rig.others == [SttFailed("stt1", "y; x", permanent)]


async def test_nobody_at_all_is_a_failure():
    rig = Rig(stage="stt")
    await Ears(rig).task
    assert isinstance(rig.events[-1], SttFailed) and rig.events[-1].permanent
