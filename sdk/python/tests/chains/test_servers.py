"""The chains against strict servers, told to fail at each moment."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from patter.audio.frames import FRAME_BYTES, silence
from patter.bridge.commands import LlmAsk
from patter.bridge.events import (
    LlmDelta,
    LlmDone,
    LlmFailed,
    ProviderSwitched,
    SttFailed,
    SttHeard,
    SttOpened,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import ProviderSpec
from patter.engines.chain import Chain
from patter.engines.chains import ChainLlm, ChainStt, ChainTts
from patter.simulators.deepgram import Faults
from patter.simulators.openai import Fault
from patter.simulators.sound import tone
from sdk.python.tests.chains.caller import QUICK, rules, spec_of

TEXT = "Good morning, Ada."


def kinds(events) -> list[type]:
    return [type(event) for event in events]


NOWHERE = "http://127.0.0.1:9"

# -- model --------------------------------------------------------------------------------------


async def answer(*specs: ProviderSpec) -> list[object]:
    events: list[object] = []
    model = ChainLlm(Chain("llm", specs), QUICK)
    command = LlmAsk("t1", [{"role": "user", "content": "hello"}])
    await asyncio.wait_for(model.ask(command, events.append), 3)
    return events


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=401),
        Fault(status=429),
        Fault(status=503),
        Fault(silent=True),
        Fault(late_s=2),
        Fault(cut_after=0),
        Fault(stall_after=0),
    ],
    ids=["401", "429", "503", "silent", "late", "cut", "stalls"],
)
async def test_a_model_that_fails_before_its_first_word(openai, fault):
    openai.faults.add("chat", fault, times=1)
    own = spec_of(openai, "openai")
    [switched, *events] = await answer(own, rules("Here I am."))
    assert isinstance(switched, ProviderSwitched) and switched.target == "offline"
    assert "".join(event.text for event in events if isinstance(event, LlmDelta)) == "Here I am."
    assert isinstance(events[-1], LlmDone)


async def test_a_model_that_is_nowhere(openai):
    events = await answer(ProviderSpec("openai", api_key="k", base_url=NOWHERE), spec_of(openai, "openai"))
    assert kinds(events)[0] is ProviderSwitched and isinstance(events[-1], LlmDone)


@pytest.mark.parametrize("fault", [Fault(cut_after=3), Fault(stall_after=3)], ids=["cut", "stalls"])
async def test_a_model_that_fails_after_its_first_word_is_finished(openai, fault):
    openai.answer = lambda _: "A long answer of quite a number of words."
    openai.faults.add("chat", fault)
    events = await answer(spec_of(openai, "openai"), ProviderSpec("offline"))
    assert isinstance(events[0], LlmDelta) and isinstance(events[-1], LlmFailed)
    assert ProviderSwitched not in kinds(events)


# -- voice --------------------------------------------------------------------------------------


async def speak(*specs: ProviderSpec, texts: int = 1) -> list[object]:
    events: list[object] = []
    voice = ChainTts(Chain("tts", specs, keeps=True), QUICK)
    for number in range(texts):
        await asyncio.wait_for(voice.say(f"s{number}", TEXT, events.append), 5)
    await voice.close()
    return events


@pytest.mark.parametrize(
    "faults",
    [
        Faults(refuse=401),
        Faults(refuse=429),
        Faults(late_s=1),
        Faults(silent=True),
        Faults(first_audio_s=1),
        Faults(error="too busy"),
    ],
    ids=["401", "429", "late", "silent", "late audio", "error"],
)
async def test_a_voice_that_fails_before_its_first_audio(deepgram, elevenlabs, faults):
    deepgram.faults = faults
    events = await speak(spec_of(deepgram, "deepgram"), spec_of(elevenlabs, "elevenlabs"), texts=2)
    assert kinds(events).count(ProviderSwitched) == 1
    assert {event.say_id for event in events if isinstance(event, TtsAudio)} == {"s0", "s1"}
    assert kinds(events).count(TtsDone) == 2 and TtsFailed not in kinds(events)


@pytest.mark.parametrize(
    "fault", [Fault(status=401), Fault(silent=True), Fault(status=500)], ids=["401", "silent", "500"]
)
async def test_elevenlabs_fails_and_deepgram_speaks(deepgram, elevenlabs, fault):
    elevenlabs.faults.always("context" if fault.silent else "socket", fault)
    events = await speak(spec_of(elevenlabs, "elevenlabs"), spec_of(deepgram, "deepgram"))
    assert kinds(events)[0] is ProviderSwitched and events[-1] == TtsDone("s0")


@pytest.mark.parametrize("faults", [Faults(drop_at_ms=300), Faults(stall_at_ms=300)], ids=["drop", "stall"])
async def test_a_voice_that_breaks_off_is_replaced_from_the_next_chunk_on(deepgram, elevenlabs, faults):
    deepgram.faults = faults
    events = await speak(spec_of(deepgram, "deepgram"), spec_of(elevenlabs, "elevenlabs"), texts=2)
    assert [event.say_id for event in events if isinstance(event, TtsFailed)] == ["s0"]
    assert events[-1] == TtsDone("s1")


# -- ears ---------------------------------------------------------------------------------------


async def until(events: list[object], wanted: Callable[[object], bool]) -> None:
    while not any(map(wanted, events)):  # noqa: ASYNC110 - the list is the adapter's
        await asyncio.sleep(0.01)


async def hear(*specs: ProviderSpec) -> list[object]:
    events: list[object] = []
    ears = ChainStt(Chain("stt", specs), QUICK)
    task = asyncio.create_task(ears.run("stt1", events.append))
    async with asyncio.timeout(8):
        await until(events, lambda event: isinstance(event, SttOpened | SttFailed))
        audio = silence(200) + tone(1100) + silence(1500)
        for at in range(0, len(audio), FRAME_BYTES):
            ears.send(audio[at : at + FRAME_BYTES])
            await asyncio.sleep(0.02 / 4)
        await until(events, lambda event: isinstance(event, SttHeard) and event.final and bool(event.text))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return events


@pytest.mark.parametrize(
    "faults",
    [
        Faults(refuse=401),
        Faults(refuse=500),
        Faults(late_s=1),
        Faults(drop_at_ms=500),
        Faults(drop_at_ms=100),
    ],
    ids=["401", "500", "late", "in mid-word", "at once"],
)
async def test_ears_that_fail_leave_the_word_to_the_next(deepgram, other_deepgram, faults):
    deepgram.faults = faults
    events = await hear(spec_of(deepgram, "deepgram"), spec_of(other_deepgram, "deepgram", model="nova-2"))
    heard = [event.text for event in events if isinstance(event, SttHeard) and event.final and event.text]
    assert heard == ["what can you do"]
    assert kinds(events).count(ProviderSwitched) == 1
    assert kinds(events).count(SttOpened) == 1 and SttFailed not in kinds(events)
