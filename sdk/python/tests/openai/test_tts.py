"""OpenAI's speech as telephone audio."""

import asyncio

import pytest

from patter.audio.mulaw import level, to_pcm16
from patter.bridge.events import TtsAudio, TtsDone, TtsFailed
from patter.engines.tts import open_tts
from patter.engines.tts.openai.link import Deadlines, OpenAiTts
from patter.engines.tts.openai.wire import Telephone, WrongFormatError
from patter.errors import ConfigError
from patter.simulators.openai import Fault
from patter.simulators.sound import tone

WAIT_S = 0.25
QUICK = Deadlines(first_s=WAIT_S, stall_s=WAIT_S)
MS_PER_CHARACTER = 65


async def say(tts, text="Good morning.", say_id="s1"):
    events = []
    await tts.say(say_id, text, events.append)
    return events


def audio_of(events):
    return b"".join(event.payload for event in events if isinstance(event, TtsAudio))


async def nobody_is_answered(server):
    for _ in range(200):
        if not server.answering:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the server still answers")


async def test_it_speaks_and_says_when_it_is_done(server, spec):
    text = "Good morning."
    events = await say(open_tts(spec(voice="coral", options={"speed": 1, "instructions": "Be calm."})), text)
    assert events[-1] == TtsDone("s1")
    assert len(audio_of(events)) / 8 == pytest.approx(MS_PER_CHARACTER * len(text), abs=5)
    assert level(audio_of(events)) > 150
    assert all(len(event.payload) % 8 == 0 for event in events[:-2])
    [reading] = server.readings
    assert (reading.voice, reading.response_format, reading.text) == ("coral", "pcm", text)


async def test_a_text_without_words_is_done_and_not_asked_for(server, spec):
    assert await say(OpenAiTts(spec()), "  ") == [TtsDone("s1")]
    assert not server.requests


@pytest.mark.parametrize("size", [1, 3, 961, 4801])
async def test_odd_chunks_are_the_same_sound(server, spec, size):
    whole = audio_of(await say(OpenAiTts(spec()), "Yes."))
    server.faults.add("speech", Fault(piece_bytes=size))
    assert audio_of(await say(OpenAiTts(spec()), "Yes.")) == whole


async def test_two_texts_at_once_do_not_mix(server, spec):
    tts = OpenAiTts(spec())
    short, long = await asyncio.gather(say(tts, "Good.", "s1"), say(tts, "A longer text.", "s2"))
    assert {event.say_id for event in short} == {"s1"}
    assert len(audio_of(short)) == pytest.approx(5 * 65 * 8, abs=40)
    assert len(audio_of(long)) == pytest.approx(14 * 65 * 8, abs=40)


async def test_cancelling_leaves_nothing(server, spec, engine_tasks):
    server.faults.add("speech", Fault(stall_after=1))
    begun = asyncio.Event()
    tts = OpenAiTts(spec())
    task = asyncio.create_task(tts.say("s1", "A long text to say.", lambda event: begun.set()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await nobody_is_answered(server)
    await tts.close()
    assert engine_tasks() == []


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (Fault(status=400), True),
        (Fault(status=401), True),
        (Fault(status=429), False),
        (Fault(status=429, code="insufficient_quota"), True),
        (Fault(status=500), False),
        (Fault(silent=True), False),
        (Fault(late_s=2 * WAIT_S), False),
        (Fault(stall_after=2), False),
        (Fault(cut_after=0), False),
        (Fault(cut_after=2), False),
        (Fault(empty=True), False),
        (Fault(wrong_format=True), True),
    ],
)
async def test_every_failure_is_one_event(server, spec, fault, permanent):
    server.faults.add("speech", fault)
    *audio, failed = await say(OpenAiTts(spec(), QUICK))
    assert isinstance(failed, TtsFailed) and failed.permanent is permanent and failed.error
    assert all(isinstance(event, TtsAudio) for event in audio)
    assert bool(audio) is bool((fault.cut_after or 0) + (fault.stall_after or 0))


async def test_a_wrong_key_is_permanent(spec):
    [failed] = await say(OpenAiTts(spec(api_key="sk-wrong")))
    assert failed.permanent


async def test_retry_after_is_kept_while_there_is_time(server, spec):
    server.faults.add("speech", Fault(status=429, retry_after_s=0.05))
    assert isinstance((await say(OpenAiTts(spec(), QUICK)))[-1], TtsDone)


def test_what_cannot_work_is_said_at_once(spec):
    for more in ({"options": {"speed": 9}}, {"options": {"instructions": 3}}, {"api_key": ""}):
        with pytest.raises(ConfigError):
            OpenAiTts(spec(**more))


def test_a_file_is_not_played():
    telephone = Telephone()
    assert telephone.feed(b"RI") == b""
    with pytest.raises(WrongFormatError, match="WAV"):
        telephone.feed(b"FF....")


def test_loud_sound_is_not_taken_for_a_file():
    pcm = to_pcm16(tone(50))
    assert Telephone().feed(pcm) and Telephone().feed(b"{\x01" + pcm)
