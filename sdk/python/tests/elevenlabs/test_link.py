"""ElevenLabs' voice over its socket: what comes, what is cut, what fails."""

import asyncio
import logging

import pytest

from patter.audio.mulaw import level
from patter.bridge.events import TtsAudio, TtsDone, TtsFailed
from patter.engines.tts import open_tts
from patter.engines.tts.elevenlabs.link import Deadlines, ElevenLabsTts
from patter.errors import ConfigError
from patter.simulators.elevenlabs import ElevenLabsServer, Fault

WAIT_S = 0.25
QUICK = Deadlines(first_s=WAIT_S, stall_s=WAIT_S)
TEXT = "Good morning, Ada. How are you?"


@pytest.fixture
async def voice(spec):
    opened = []

    def make(deadlines=None, **more):
        opened.append(ElevenLabsTts(spec(**more), deadlines))
        return opened[-1]

    yield make
    for tts in opened:
        await tts.close()


async def say(tts, text=TEXT, say_id="s1"):
    events = []
    await tts.say(say_id, text, events.append)
    return events


def audio_of(events):
    return b"".join(event.payload for event in events if isinstance(event, TtsAudio))


async def until(condition):
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came true")


async def test_the_key_is_in_no_log(server, voice, caplog):
    with caplog.at_level(logging.DEBUG, logger="websockets.client"):
        await say(voice())
    ours = [record for record in caplog.records if not record.name.startswith("uvicorn")]
    assert not any(server.api_key in record.getMessage() for record in ours)


async def test_it_speaks_and_every_word_has_its_time(server, voice):
    events = await say(voice())
    assert events[-1] == TtsDone("s1")
    length_ms = len(audio_of(events)) / 8
    assert length_ms == pytest.approx(65 * len(TEXT), abs=2)
    assert level(audio_of(events)) > 150
    words = [word for event in events if isinstance(event, TtsAudio) for word in event.words]
    assert [TEXT[word.start : word.end] for word in words] == TEXT.split()
    ends = [word.end_ms for word in words]
    assert ends == sorted(ends) and ends[-1] == pytest.approx(length_ms, abs=70)
    assert all(len(event.payload) % 8 == 0 for event in events[:-2])


async def test_one_socket_serves_a_call(server, voice):
    tts = voice()
    for _ in range(8):
        assert isinstance((await say(tts, "Yes."))[-1], TtsDone)
    assert server.requests["socket"] == 1
    assert [contexts.live for contexts in server.sockets] == [1]
    await tts.close()
    await until(lambda: not server.sockets)


async def test_chunks_at_once_and_calls_at_once_do_not_mix(server, voice):
    one, two = voice(), voice()
    long, short, other = await asyncio.gather(
        say(one, TEXT, "s1"), say(one, "Yes, please.", "s2"), say(two, "Goodbye now.", "s1")
    )
    lengths = [len(audio_of(events)) for events in (long, short, other)]
    assert lengths == [len(text) * 65 * 8 for text in (TEXT, "Yes, please.", "Goodbye now.")]
    assert {event.say_id for event in short} == {"s2"}
    assert server.requests["socket"] == 2


async def test_more_chunks_than_contexts_wait_for_each_other(server, voice):
    tts = voice()
    said = await asyncio.gather(*(say(tts, "One more of them.", f"s{n}") for n in range(12)))
    assert all(events[-1] == TtsDone(f"s{n}") for n, events in enumerate(said))
    assert server.requests["socket"] == 1


async def test_cancelling_drops_what_still_comes_and_frees_the_context(server, voice, engine_tasks):
    server.pace_s = 0.005
    tts = voice()
    for _ in range(12):  # many barge-ins in a row are what exhausts the contexts of others
        heard = asyncio.Event()
        task = asyncio.create_task(tts.say("s1", TEXT, lambda event, heard=heard: heard.set()))
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    after = await say(tts, "Sorry, go on.", "s2")
    assert len(audio_of(after)) == 13 * 65 * 8 and after[-1] == TtsDone("s2")
    assert server.requests["socket"] == 1
    await until(lambda: server.sockets[0].live == 1)
    await tts.close()
    assert engine_tasks() == []


async def test_cancelled_while_it_connects(server, voice, engine_tasks):
    server.faults.add("socket", Fault(late_s=0.3))
    tts = voice()
    task = asyncio.create_task(tts.say("s1", TEXT, print))
    await until(lambda: server.requests["socket"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await tts.close()
    assert engine_tasks() == []


async def test_a_text_without_words_is_done_and_not_asked_for(server, voice):
    assert await say(voice(), "  ") == [TtsDone("s1")]
    assert not server.requests


@pytest.mark.parametrize("size", [1, 7, 163])
async def test_odd_chunks_are_the_same_sound(server, voice, size):
    tts = voice()
    whole = audio_of(await say(tts, "Yes."))
    server.faults.add("context", Fault(piece_bytes=size))
    events = await say(tts, "Yes.")
    assert audio_of(events) == whole
    assert [word.end for event in events if isinstance(event, TtsAudio) for word in event.words] == [4]


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (Fault(status=401), True),
        (Fault(status=401, code="quota_exceeded"), True),
        (Fault(status=403, code="only_for_creator+"), True),
        (Fault(status=429), False),
        (Fault(status=429, code="system_busy"), False),
        (Fault(status=500), False),
    ],
)
async def test_a_refused_socket(server, voice, fault, permanent):
    server.faults.add("socket", fault)
    [failed] = await say(voice())
    assert isinstance(failed, TtsFailed) and failed.permanent is permanent


async def test_a_wrong_key_is_permanent(server, voice):
    [failed] = await say(voice(api_key="wrong"))
    assert failed.permanent and "invalid_api_key" in failed.error


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (Fault(status=401), True),
        (Fault(status=400, code="quota_exceeded"), True),
        (Fault(status=429, code="system_busy"), False),
        (Fault(silent=True), False),
        (Fault(late_s=2 * WAIT_S), False),
        (Fault(stall_after=2), False),
        (Fault(cut_after=0), False),
        (Fault(cut_after=2), False),
        (Fault(garbage=True), False),
        (Fault(empty=True), False),
        (Fault(no_end=True), False),
        (Fault(wrong_format=True), True),
    ],
)
async def test_every_failure_is_one_event_and_the_next_chunk_speaks(server, voice, fault, permanent):
    server.faults.add("context", fault)
    tts = voice(QUICK)
    *audio, failed = await say(tts)
    assert isinstance(failed, TtsFailed) and failed.permanent is permanent and failed.error
    assert all(isinstance(event, TtsAudio) for event in audio)
    assert isinstance((await say(tts, "Yes."))[-1], TtsDone)


async def test_nobody_there(voice, server):
    [failed] = await say(voice(base_url="http://127.0.0.1:9"))
    assert isinstance(failed, TtsFailed) and not failed.permanent


async def test_a_socket_that_died_between_chunks_is_opened_again(server, voice):
    server.idle_s = 0.1
    tts = voice()
    await say(tts, "Yes.")
    await until(lambda: not server.sockets)
    assert isinstance((await say(tts, "Yes."))[-1], TtsDone)
    assert server.requests["socket"] == 2


async def test_signs_of_life_keep_it_open(server, voice):
    server.idle_s = 0.2
    tts = voice(Deadlines(keep_alive_s=0.05))
    await say(tts, "Yes.")
    await asyncio.sleep(0.5)
    assert isinstance((await say(tts, "Yes."))[-1], TtsDone)
    assert server.requests["socket"] == 1


async def test_closing_is_harmless_twice_and_before(voice, server):
    tts = voice()
    await tts.close()
    await say(tts, "Yes.")
    await tts.close()
    await tts.close()


def test_the_registry_and_the_key(spec):
    assert isinstance(open_tts(spec()), ElevenLabsTts)
    with pytest.raises(ConfigError):
        ElevenLabsTts(spec(api_key=None))


async def test_a_server_of_another_key():
    async with ElevenLabsServer(api_key="other") as server:
        assert server.base_url.startswith("http://127.0.0.1:")
