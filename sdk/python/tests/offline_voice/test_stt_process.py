"""Many calls share one process: it keeps up, it drops rather than blocks, and it is started again."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from patter.bridge.events import SttFailed
from patter.bridge.plan import ProviderSpec
from patter.engines.stt.offline.link import CHILD, OfflineStt
from patter.engines.tts.offline.link import speak

pytestmark = [pytest.mark.alone, pytest.mark.extra]  # how soon a word is heard depends on who else computes

STREAMS = 10
TIMES_REAL = 4


def cpu_s(pid: int) -> float | None:
    """Processor seconds of a process, where the system tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.asyncio
async def test_ten_calls_at_once_are_heard_faster_than_they_speak(listening, line) -> None:
    turn = line(await speak("tomorrow evening please")) + line(await speak("that sounds wonderful"))

    async def call() -> list[str]:
        async with listening() as ears:
            await ears.hear(turn, times_real=TIMES_REAL)
            return [(await ears.next_final()).text for _ in range(2)]

    async with listening():
        assert CHILD.pid is not None
        used = cpu_s(CHILD.pid)
        began = time.monotonic()
        heard = await asyncio.gather(*(call() for _ in range(STREAMS)))
        took_s = time.monotonic() - began
        spent = cpu_s(CHILD.pid)
    assert heard == [["tomorrow evening please", "that sounds wonderful"]] * STREAMS
    audio_s = len(turn) / 8000
    assert took_s < audio_s
    if used is not None and spent is not None:
        assert (spent - used) / (STREAMS * audio_s) < 0.08


@pytest.mark.asyncio
async def test_a_dead_process_fails_every_call_and_the_next_call_works(listening, line) -> None:
    async with listening() as one, listening() as other:
        assert CHILD.pid is not None
        os.kill(CHILD.pid, signal.SIGKILL)
        for ears in (one, other):
            failed = await ears.next_of(SttFailed)
            assert not failed.permanent
            ears.stt.send(bytes(160))  # harmless
    async with listening() as ears:
        await ears.hear(line(await speak("when are you open")))
        assert (await ears.next_final()).text == "when are you open"


@pytest.mark.asyncio
async def test_a_word_that_is_not_in_the_dictionary_is_named(listening) -> None:
    events: list[object] = []
    await OfflineStt(ProviderSpec("offline", options={"phrases": ["zorkmid please"]})).run(
        "s1", events.append
    )
    assert len(events) == 1
    assert isinstance(events[0], SttFailed)
    assert events[0].permanent
    assert "zorkmid" in events[0].error


@pytest.mark.asyncio
async def test_a_stalled_process_never_blocks_the_call_and_old_audio_goes(listening, line) -> None:
    speech = line(await speak("when are you open"))
    async with listening() as ears:
        assert CHILD.pid is not None
        os.kill(CHILD.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            for _ in range(3000):
                ears.stt.send(b"\xff" * 160)
            assert time.monotonic() - began < 1.0
        finally:
            os.kill(CHILD.pid, signal.SIGCONT)
        ears.stt.finalize()  # never dropped: its answer says that everything before it was heard
        assert (await ears.next_final()).text == ""
        await ears.hear(speech)
        assert (await ears.next_final()).text == "when are you open"


@pytest.mark.asyncio
async def test_what_was_said_before_the_recogniser_was_ready_is_heard(listening, line) -> None:
    speech = line(await speak("no thank you"))
    async with listening(said_before=speech, phrases=["yes please", "no thank you"]) as ears:
        ears.stt.send(b"\xff" * 3200)
        assert (await ears.next_final()).text == "no thank you"
