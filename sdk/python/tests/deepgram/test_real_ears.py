"""The simulated server with real ears and a real voice: what Aura says, Nova and Flux understand."""

import asyncio
from dataclasses import replace

import pytest

from patter.audio.frames import FRAME_BYTES, silence
from patter.bridge.events import Event, SttHeard, TtsAudio, TtsDone
from patter.bridge.plan import ProviderSpec
from patter.engines.stt import open_stt
from patter.engines.tts import open_tts
from patter.simulators.deepgram import OfflineRecogniser
from patter.simulators.deepgram.__main__ import make_server

# A process of its own hears and speaks, with packages that not every Python has.
pytestmark = [pytest.mark.real_time, pytest.mark.extra]

PHRASES = ["what can you do", "yes please", "thank you goodbye"]


@pytest.mark.parametrize("provider", ["deepgram", "deepgram_flux"])
async def test_what_is_said_is_understood(provider):
    async with make_server(port=0, phrases=PHRASES) as server:
        assert isinstance(server.new_recogniser(), OfflineRecogniser)
        spec = ProviderSpec("deepgram", api_key=server.api_key, base_url=server.base_url)
        audio = await spoken(spec, "What can you do?")
        heard = await understood(replace(spec, provider=provider), silence(300) + audio + silence(1500))
    assert heard == "what can you do"


async def spoken(spec, text):
    events: list[Event] = []
    tts = open_tts(spec)
    await tts.say("t", text, events.append)
    await tts.close()
    assert events[-1] == TtsDone("t")
    return b"".join(event.payload for event in events if isinstance(event, TtsAudio))


async def understood(spec, audio):
    ended = asyncio.get_running_loop().create_future()

    def take(event):
        if isinstance(event, SttHeard) and event.end_of_turn and event.text and not ended.done():
            ended.set_result(event.text)

    stt = open_stt(spec)
    task = asyncio.create_task(stt.run("s", take))
    for at in range(0, len(audio), FRAME_BYTES):
        stt.send(audio[at : at + FRAME_BYTES])
        await asyncio.sleep(0.004)
    try:
        return await asyncio.wait_for(ended, 8)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
