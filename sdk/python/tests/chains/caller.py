"""A whole call over chains of providers: everything round the engines."""

import asyncio

from patter.audio.frames import FRAME_BYTES, SAMPLE_RATE_HZ
from patter.bridge.call import CallMachine
from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import CallerAudio, HangUpAsked, LegOpened, MarkPlayed
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.bridge.records import CallEnded, Noted
from patter.bridge.session import CallSession, Performers
from patter.engines.chain import Chain
from patter.engines.chains import ChainLlm, ChainStt, ChainTts, Deadlines
from patter.engines.phrasebook import PhrasebookTts
from patter.engines.pipeline.machine import PipelineMachine

QUICK = Deadlines(connect_s=0.3, first_token_s=0.3, first_audio_s=0.3, stall_s=0.3)


def spec_of(server, provider: str, **more) -> ProviderSpec:
    return ProviderSpec(provider, api_key=server.api_key, base_url=server.base_url, **more)


def rules(text: str) -> ProviderSpec:
    """A model that has one answer to everything."""
    return ProviderSpec("offline", options={"rules": [{"heard": ["xyz"], "say": "No."}], "otherwise": text})


class Caller:
    """Meets ``Leg``, ``CarrierControl`` and ``CallLog``: everything round the engines."""

    def __init__(self) -> None:
        self.played = b""
        self.entries: list[object] = []
        self.said: list[str] = []
        self.session: CallSession

    def send(self, command: Play | Mark | Clear) -> None:
        match command:
            case Play(payload):
                self.played += payload
            case Mark(name):
                asyncio.get_running_loop().call_soon(self.session.feed, MarkPlayed(name))

    async def close(self) -> None:
        pass

    async def hang_up(self, carrier_call_id: str) -> None:
        pass

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        self.said.append(text)

    def write(self, entry: object) -> None:
        self.entries.append(entry)

    async def speak(self, audio: bytes) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for index in range(len(audio) // FRAME_BYTES):
            frame = audio[index * FRAME_BYTES : (index + 1) * FRAME_BYTES]
            self.session.feed(CallerAudio(frame, index * 20))
            await asyncio.sleep(max(0.0, began + (index + 1) * FRAME_BYTES / SAMPLE_RATE_HZ - loop.time()))

    @property
    def end(self) -> CallEnded:
        [end] = [entry for entry in self.entries if isinstance(entry, CallEnded)]
        return end

    def noted(self, kind: str) -> list[Noted]:
        return [entry for entry in self.entries if isinstance(entry, Noted) and entry.kind == kind]


async def call(plan: CallPlan, audio: bytes, *, stored: dict[str, bytes] | None = None) -> Caller:
    caller, ears = Caller(), Chain("stt", plan.chain("stt"))
    performers = Performers(
        stt=lambda: ChainStt(ears, QUICK),
        tts=PhrasebookTts(ChainTts(Chain("tts", plan.chain("tts"), keeps=True), QUICK), stored or {}),
        llm=ChainLlm(Chain("llm", plan.chain("llm")), QUICK),
    )
    machine = CallMachine(plan, PipelineMachine, asyncio.get_running_loop().time())
    caller.session = CallSession(machine, control=caller, performers=performers, log=caller)
    caller.session.attach(caller)
    running = asyncio.create_task(caller.session.run())
    caller.session.feed(LegOpened("MZ1", "CA1", "AC1"))
    await caller.speak(audio)
    caller.session.feed(HangUpAsked())
    await asyncio.wait_for(running, 5)
    return caller


def plan_of(deepgram, other_deepgram, openai, elevenlabs, **more) -> CallPlan:
    return CallPlan(
        "c1",
        reply_by="model",
        stt=spec_of(deepgram, "deepgram"),
        tts=spec_of(deepgram, "deepgram"),
        llm=spec_of(openai, "openai"),
        fallbacks={
            "stt": [spec_of(other_deepgram, "deepgram", model="nova-2")],
            "tts": [spec_of(elevenlabs, "elevenlabs")],
            "llm": [rules("Of course.")],
        },
        record=False,
        **more,
    )
