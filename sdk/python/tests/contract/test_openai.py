"""OpenAI's voice against the contract that all voices share.

Its recogniser has tests of its own: there is no connection that could be refused, late or lost before
the first words, which is what the contract of recognisers is largely about.
"""

import asyncio

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.tts.openai.link import Deadlines, OpenAiTts
from patter.engines.web import close_clients
from patter.simulators.openai import Fault, OpenAiServer

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
