"""The offline voice speaks, says when each word was said, and stops when it is told to."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from patter.audio.mulaw import level
from patter.bridge.events import Event, TtsAudio, TtsDone, TtsFailed, WordTime
from patter.bridge.plan import ProviderSpec
from patter.engines.tts.offline.link import CHILD, OfflineTts, speak
from patter.errors import ConfigError, EngineError

TEXT = "Héllo, wörld. A table for four people, please."


async def said(text: str, **spec: object) -> list[Event]:
    events: list[Event] = []
    await OfflineTts(ProviderSpec("offline", **spec)).say("t1", text, events.append)  # type: ignore[arg-type]
    return events


@pytest.mark.asyncio
async def test_it_speaks_in_chunks_and_says_when_it_is_done() -> None:
    *chunks, last = await said(TEXT)
    assert last == TtsDone("t1")
    assert all(isinstance(chunk, TtsAudio) and 0 < len(chunk.payload) <= 1600 for chunk in chunks)
    audio = b"".join(chunk.payload for chunk in chunks)
    assert 2000 < len(audio) / 8 < 4500
    assert level(audio) > 60


@pytest.mark.asyncio
async def test_there_is_hardly_silence_around_the_speech() -> None:
    audio = await speak("yes please")
    assert any(level(audio[at : at + 160]) > 30 for at in (0, 160))
    assert level(audio[-640:]) > 10


@pytest.mark.asyncio
async def test_every_word_has_its_time() -> None:
    events = await said(TEXT)
    words = [word for event in events if isinstance(event, TtsAudio) for word in event.words]
    assert " ".join(TEXT[word.start : word.end] for word in words) == TEXT
    length_ms = sum(len(event.payload) for event in events if isinstance(event, TtsAudio)) / 8
    ends = [word.end_ms for word in words]
    assert ends == sorted(ends)
    assert ends[0] > 150
    assert ends[-1] == pytest.approx(length_ms, abs=120)
    assert isinstance(words[0], WordTime)


@pytest.mark.asyncio
async def test_rate_and_voice_are_heard() -> None:
    slow, fast = await speak(TEXT, rate=120), await speak(TEXT, rate=240)
    assert len(slow) > 1.5 * len(fast)
    assert await speak(TEXT, voice="en-us+f3") != await speak(TEXT)


@pytest.mark.asyncio
@pytest.mark.parametrize("language", ["en", "de-DE", "fr", None])
async def test_an_agents_language_finds_a_voice(language: str | None) -> None:
    assert (await said("one two", language=language))[-1] == TtsDone("t1")


@pytest.mark.asyncio
async def test_nothing_to_say_is_no_failure() -> None:
    assert await said(" ... ") == [TtsDone("t1")]


@pytest.mark.asyncio
async def test_an_unknown_voice_is_the_users_to_mend() -> None:
    [failed] = await said("hello", voice="zork")
    assert isinstance(failed, TtsFailed)
    assert failed.permanent
    with pytest.raises(EngineError, match="zork"):
        await speak("hello", voice="zork")


@pytest.mark.parametrize("options", [{"rate": 10}, {"rate": "fast"}, {"pitch": True}])
def test_options_are_checked_before_the_call(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        OfflineTts(ProviderSpec("offline", options=options))


@pytest.mark.asyncio
async def test_a_cut_reply_says_nothing_more_and_the_next_one_does_not_wait() -> None:
    events: list[Event] = []
    speaking = asyncio.Event()
    voice = OfflineTts(ProviderSpec("offline"))

    def take(event: Event) -> None:
        events.append(event)
        speaking.set()

    long = asyncio.create_task(voice.say("long", TEXT * 200, take))
    await speaking.wait()
    long.cancel()
    await asyncio.gather(long, return_exceptions=True)
    count = len(events)
    async with asyncio.timeout(1.0):
        await voice.say("next", "yes", events.append)
    assert {event.say_id for event in events[count:]} == {"next"}  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_a_dead_process_is_a_failure_and_is_started_again() -> None:
    await speak("yes")
    events: list[Event] = []
    task = asyncio.create_task(OfflineTts(ProviderSpec("offline")).say("t1", TEXT * 300, events.append))
    await asyncio.sleep(0)
    assert CHILD.pid is not None
    os.kill(CHILD.pid, signal.SIGKILL)
    await task
    assert isinstance(events[-1], TtsFailed)
    assert not events[-1].permanent
    assert await speak("yes")


def test_espeak_is_never_in_this_process() -> None:
    speaks = "import asyncio, sys; from patter.engines.tts.offline.link import CHILD, speak; "
    speaks += "assert asyncio.run(speak('hello')); CHILD.stop(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", speaks], capture_output=True, text=True, check=True)
    assert not {"espeakng_loader", "pocketsphinx"} & set(done.stdout.split())
