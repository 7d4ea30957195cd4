"""Real words through both audio endpoints: spoken by the offline voice, heard by the offline recogniser."""

import asyncio

import pytest

from patter.audio.frames import silence
from patter.bridge.events import SttHeard, TtsAudio
from patter.engines.stt.offline import link as stt_link
from patter.engines.stt.openai.link import OpenAiStt
from patter.engines.tts.offline import link as tts_link
from patter.engines.tts.openai.link import OpenAiTts
from patter.simulators.openai.hearing import OfflineHearing
from patter.simulators.voice import OfflineVoice

# A process of its own hears and speaks, with packages that not every Python has.
pytestmark = [pytest.mark.real_time, pytest.mark.extra]

PHRASES = ["yes please", "a table for four people", "goodbye"]


@pytest.fixture(autouse=True)
def no_children_left():
    yield
    stt_link.CHILD.stop()
    tts_link.CHILD.stop()


async def test_what_one_endpoint_says_the_other_hears(server, spec):
    server.voice, server.hear = OfflineVoice(), OfflineHearing(PHRASES)
    sound = bytearray()
    tts, stt = OpenAiTts(spec()), OpenAiStt(spec())
    news = asyncio.Queue()
    task = asyncio.create_task(stt.run("s1", news.put_nowait))
    await tts.say("t1", PHRASES[1], lambda event: isinstance(event, TtsAudio) and sound.extend(event.payload))
    stt.send(silence(400) + bytes(sound) + silence(800))
    async with asyncio.timeout(50):
        while not isinstance(event := await news.get(), SttHeard):
            pass
    task.cancel()
    await asyncio.wait([task])
    assert event == SttHeard("s1", PHRASES[1], final=True, end_of_turn=True)
