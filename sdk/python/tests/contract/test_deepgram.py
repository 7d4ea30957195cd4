"""Deepgram's adapters against the contract that all providers share."""

from dataclasses import replace

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.stt.deepgram.link import Deadlines as SttDeadlines
from patter.engines.stt.deepgram.link import DeepgramStt
from patter.engines.stt.deepgram_flux.link import DeepgramFluxStt
from patter.engines.tts.deepgram.link import DeepgramTts
from patter.engines.tts.deepgram.socket import Deadlines as TtsDeadlines
from patter.simulators.deepgram import DeepgramServer, Faults
from patter.simulators.sound import tone

from .stt_contract import FinalizingSttContract, SttContract, SttRig
from .tts_contract import TtsContract, TtsRig

FAULTS = {
    "none": Faults(),
    "unauthorized": Faults(refuse=401),
    "busy": Faults(refuse=429),
    "late": Faults(late_s=1.5),
    "drop": Faults(drop_at_ms=300),
    "never_final": Faults(never_final=True),
    "garbage": Faults(garbage=True),
    "stall": Faults(stall_at_ms=300),
    "odd": Faults(chunk_bytes=333),
    "wrong_format": Faults(wrong_format=True),
}


@pytest.fixture
async def server():
    async with DeepgramServer(utterances=["what can you do"]) as running:
        yield running


class _Rig:
    def __init__(self, server: DeepgramServer) -> None:
        self._server = server

    def spec(self, **more) -> ProviderSpec:
        base = ProviderSpec("deepgram", api_key=self._server.api_key, base_url=self._server.base_url)
        return replace(base, **more)

    def fail(self, fault: str) -> None:
        self._server.faults = FAULTS[fault]

    def open_sockets(self) -> int:
        return len(self._server.open_sessions)


class _SttRig(_Rig, SttRig):
    audio, text = tone(1100), "what can you do"
    deadlines = SttDeadlines(connect_s=0.5)


class NovaRig(_SttRig):
    def adapter(self):
        return DeepgramStt(self.spec(), deadlines=self.deadlines)


class FluxRig(_SttRig):
    def adapter(self):
        return DeepgramFluxStt(self.spec(options={"eager_eot_threshold": 0.4}), self.deadlines)


class AuraRig(_Rig, TtsRig):
    def adapter(self):
        return DeepgramTts(self.spec(voice="thalia"), TtsDeadlines(0.5, 0.5, 0.5))


class TestNova(FinalizingSttContract):
    @pytest.fixture
    def rig(self, server):
        return NovaRig(server)


class TestFlux(SttContract):
    @pytest.fixture
    def rig(self, server):
        return FluxRig(server)


class TestAura(TtsContract):
    @pytest.fixture
    def rig(self, server):
        return AuraRig(server)
