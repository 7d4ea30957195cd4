"""ElevenLabs' voice against the contract that all voices share."""

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.tts.elevenlabs.link import Deadlines, ElevenLabsTts
from patter.simulators.elevenlabs import ElevenLabsServer, Fault

from .tts_contract import TtsContract, TtsRig

FAULTS = {
    "unauthorized": ("socket", Fault(status=401)),
    "busy": ("socket", Fault(status=429)),
    "late": ("context", Fault(silent=True)),
    "stall": ("context", Fault(stall_after=2)),
    "drop": ("context", Fault(cut_after=2)),
    "odd": ("context", Fault(piece_bytes=163)),
    "wrong_format": ("context", Fault(wrong_format=True)),
    "none": ("context", None),
}


class ElevenLabsRig(TtsRig):
    def __init__(self, server):
        self.server = server

    def adapter(self):
        spec = ProviderSpec("elevenlabs", api_key=self.server.api_key, base_url=self.server.base_url)
        return ElevenLabsTts(spec, Deadlines(first_s=0.5, stall_s=0.5))

    def fail(self, fault):
        door, planned = FAULTS[fault]
        self.server.faults.always(door, planned)

    def open_sockets(self):
        return len(self.server.sockets)


@pytest.fixture
async def rig():
    # Paced, so that a text can be cut before all of it was sent.
    async with ElevenLabsServer(pace_s=0.01) as server:
        yield ElevenLabsRig(server)
        assert server.complaints == []


class TestElevenLabsVoice(TtsContract):
    pass
