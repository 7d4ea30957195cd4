"""OpenAI's voice and its recogniser against the contracts that all providers share.

Transcription is asked for utterance by utterance: there is no connection that could be refused or late
before the first words, so where the contract waits for that, something is said here first.
"""

import asyncio

import pytest

from patter.audio.frames import silence
from patter.bridge.events import SttFailed
from patter.bridge.plan import ProviderSpec
from patter.engines.stt.openai.link import Deadlines as SttDeadlines
from patter.engines.stt.openai.link import OpenAiStt
from patter.engines.tts.openai.link import Deadlines, OpenAiTts
from patter.engines.web import close_clients
from patter.simulators.openai import Fault, OpenAiServer
from patter.simulators.sound import tone

from .stt_contract import FinalizingSttContract, Listening, SttRig
from .tts_contract import TtsContract, TtsRig

FAULTS = {
    "unauthorized": Fault(status=401),
    "busy": Fault(status=429),
    "late": Fault(silent=True),
    "stall": Fault(stall_after=2),
    "drop": Fault(cut_after=2),
    "odd": Fault(piece_bytes=961),
    "wrong_format": Fault(wrong_format=True),
    "none": None,
}


class OpenAiRig(TtsRig):
    def __init__(self, server):
        self.server = server

    def adapter(self):
        spec = ProviderSpec("openai", api_key=self.server.api_key, base_url=self.server.base_url)
        return OpenAiTts(spec, Deadlines(first_s=0.5, stall_s=0.5))

    def fail(self, fault):
        self.server.faults.always("speech", FAULTS[fault])

    def open_sockets(self):
        return self.server.answering  # connections are kept for the next call


@pytest.fixture
async def rig():
    async with OpenAiServer() as server:
        yield OpenAiRig(server)
        await close_clients()


class TestOpenAiVoice(TtsContract):
    async def test_closing_leaves_no_socket_and_no_task(self, rig, voice):
        await voice.say()
        await voice.tts.close()
        await voice.tts.close()
        assert rig.open_sockets() == 0


async def test_sound_comes_before_all_of_it_was_made(rig):
    """A voice that waited for the whole text would be a second late with each sentence."""
    rig.fail("stall")
    first = asyncio.Event()
    task = asyncio.create_task(rig.adapter().say("s1", "Hello there, everybody.", lambda e: first.set()))
    await asyncio.wait_for(first.wait(), 1)
    assert not task.done()
    await task


HEARING_FAULTS = {
    "unauthorized": (Fault(status=401), True),
    "busy": (Fault(status=429), True),
    "late": (Fault(silent=True), True),
    "drop": (Fault(cut_after=1), True),
    "garbage": (Fault(garbage=True), False),
}


class HearingRig(SttRig):
    audio = tone(900)
    text = "Good morning"

    def __init__(self, server):
        self.server = server
        server.hear = self.hear

    async def hear(self, recording):
        return self.text

    def adapter(self):
        spec = ProviderSpec("openai", api_key=self.server.api_key, base_url=self.server.base_url)
        return OpenAiStt(spec, SttDeadlines(answer_s=0.5, for_each_second_s=0))

    def fail(self, fault):
        if fault == "never_final":
            return  # nothing is final before the caller paused
        planned, always = HEARING_FAULTS[fault]
        if always:
            self.server.faults.always("transcriptions", planned)
        else:
            self.server.faults.add("transcriptions", planned)

    def open_sockets(self):
        return self.server.answering  # connections are kept for the next utterance


class TestOpenAiHearing(FinalizingSttContract):
    @pytest.fixture
    async def rig(self):
        async with OpenAiServer() as server:
            yield HearingRig(server)
            await close_clients()

    async def fails(self, rig, ears: Listening, permanent: bool) -> None:
        await ears.hear(silence(200) + rig.audio + silence(1200))
        await ears.until(lambda event: isinstance(event, SttFailed))
        await asyncio.wait_for(ears.task, 1)
        assert ears.events[-1] == ears.failure
        assert ears.failure.permanent is permanent

    async def test_a_wrong_key_is_permanent(self, rig, listen):
        rig.fail("unauthorized")
        await self.fails(rig, listen(), permanent=True)

    async def test_too_many_requests_may_be_tried_again(self, rig, listen):
        rig.fail("busy")
        await self.fails(rig, listen(), permanent=False)

    async def test_a_late_server_is_given_up(self, rig, listen):
        rig.fail("late")
        await self.fails(rig, listen(), permanent=False)

    async def test_cancelling_while_it_connects(self, rig, listen):
        rig.fail("late")
        ears = listen()
        await ears.hear(silence(200) + rig.audio + silence(1200))
        await ears.stop()
        assert ears.task.cancelled()
