"""The chains against strict servers, told to fail at each moment; time is real."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from patter.audio.frames import FRAME_BYTES, SAMPLE_RATE_HZ, silence
from patter.bridge.call import CallMachine
from patter.bridge.commands import Clear, LlmAsk, Mark, Play
from patter.bridge.events import (
    CallerAudio,
    HangUpAsked,
    LegOpened,
    LlmDelta,
    LlmDone,
    LlmFailed,
    MarkPlayed,
    ProviderSwitched,
    SttFailed,
    SttHeard,
    SttOpened,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.bridge.records import CallEnded, Noted
from patter.bridge.session import CallSession, Performers
from patter.engines.chain import Chain
from patter.engines.chains import ChainLlm, ChainStt, ChainTts, Deadlines
from patter.engines.phrasebook import PhrasebookTts
from patter.engines.pipeline.machine import PipelineMachine
from patter.simulators.deepgram import Faults
from patter.simulators.openai import Fault
from patter.simulators.sound import tone

QUICK = Deadlines(connect_s=0.3, first_token_s=0.3, first_audio_s=0.3, stall_s=0.3)
TEXT = "Good morning, Ada."


def spec_of(server, provider: str, **more) -> ProviderSpec:
    return ProviderSpec(provider, api_key=server.api_key, base_url=server.base_url, **more)


def rules(text: str) -> ProviderSpec:
    """A model that has one answer to everything."""
    return ProviderSpec("offline", options={"rules": [{"heard": ["xyz"], "say": "No."}], "otherwise": text})


def kinds(events) -> list[type]:
    return [type(event) for event in events]


NOWHERE = "http://127.0.0.1:9"

# -- model --------------------------------------------------------------------------------------


async def answer(*specs: ProviderSpec) -> list[object]:
    events: list[object] = []
    model = ChainLlm(Chain("llm", specs), QUICK)
    command = LlmAsk("t1", [{"role": "user", "content": "hello"}])
    await asyncio.wait_for(model.ask(command, events.append), 3)
    return events


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=401),
        Fault(status=429),
        Fault(status=503),
        Fault(silent=True),
        Fault(late_s=2),
        Fault(cut_after=0),
        Fault(stall_after=0),
    ],
    ids=["401", "429", "503", "silent", "late", "cut", "stalls"],
)
async def test_a_model_that_fails_before_its_first_word(openai, fault):
    openai.faults.add("chat", fault, times=1)
    own = spec_of(openai, "openai")
    [switched, *events] = await answer(own, rules("Here I am."))
    assert isinstance(switched, ProviderSwitched) and switched.target == "offline"
    assert "".join(event.text for event in events if isinstance(event, LlmDelta)) == "Here I am."
    assert isinstance(events[-1], LlmDone)


async def test_a_model_that_is_nowhere(openai):
    events = await answer(ProviderSpec("openai", api_key="k", base_url=NOWHERE), spec_of(openai, "openai"))
    assert kinds(events)[0] is ProviderSwitched and isinstance(events[-1], LlmDone)


@pytest.mark.parametrize("fault", [Fault(cut_after=3), Fault(stall_after=3)], ids=["cut", "stalls"])
async def test_a_model_that_fails_after_its_first_word_is_finished(openai, fault):
    openai.answer = lambda _: "A long answer of quite a number of words."
    openai.faults.add("chat", fault)
    events = await answer(spec_of(openai, "openai"), ProviderSpec("offline"))
    assert isinstance(events[0], LlmDelta) and isinstance(events[-1], LlmFailed)
    assert ProviderSwitched not in kinds(events)


# -- voice --------------------------------------------------------------------------------------


async def speak(*specs: ProviderSpec, texts: int = 1) -> list[object]:
    events: list[object] = []
    voice = ChainTts(Chain("tts", specs, keeps=True), QUICK)
    for number in range(texts):
        await asyncio.wait_for(voice.say(f"s{number}", TEXT, events.append), 5)
    await voice.close()
    return events


@pytest.mark.parametrize(
    "faults",
    [
        Faults(refuse=401),
        Faults(refuse=429),
        Faults(late_s=1),
        Faults(silent=True),
        Faults(first_audio_s=1),
        Faults(error="too busy"),
    ],
    ids=["401", "429", "late", "silent", "late audio", "error"],
)
async def test_a_voice_that_fails_before_its_first_audio(deepgram, elevenlabs, faults):
    deepgram.faults = faults
    events = await speak(spec_of(deepgram, "deepgram"), spec_of(elevenlabs, "elevenlabs"), texts=2)
    assert kinds(events).count(ProviderSwitched) == 1
    assert {event.say_id for event in events if isinstance(event, TtsAudio)} == {"s0", "s1"}
    assert kinds(events).count(TtsDone) == 2 and TtsFailed not in kinds(events)


@pytest.mark.parametrize(
    "fault", [Fault(status=401), Fault(silent=True), Fault(status=500)], ids=["401", "silent", "500"]
)
async def test_elevenlabs_fails_and_deepgram_speaks(deepgram, elevenlabs, fault):
    elevenlabs.faults.always("context" if fault.silent else "socket", fault)
    events = await speak(spec_of(elevenlabs, "elevenlabs"), spec_of(deepgram, "deepgram"))
    assert kinds(events)[0] is ProviderSwitched and events[-1] == TtsDone("s0")


@pytest.mark.parametrize("faults", [Faults(drop_at_ms=300), Faults(stall_at_ms=300)], ids=["drop", "stall"])
async def test_a_voice_that_breaks_off_is_replaced_from_the_next_chunk_on(deepgram, elevenlabs, faults):
    deepgram.faults = faults
    events = await speak(spec_of(deepgram, "deepgram"), spec_of(elevenlabs, "elevenlabs"), texts=2)
    assert [event.say_id for event in events if isinstance(event, TtsFailed)] == ["s0"]
    assert events[-1] == TtsDone("s1")


# -- ears ---------------------------------------------------------------------------------------


async def until(events: list[object], wanted: Callable[[object], bool]) -> None:
    while not any(map(wanted, events)):  # noqa: ASYNC110 - the list is the adapter's
        await asyncio.sleep(0.01)


async def hear(*specs: ProviderSpec) -> list[object]:
    events: list[object] = []
    ears = ChainStt(Chain("stt", specs), QUICK)
    task = asyncio.create_task(ears.run("stt1", events.append))
    async with asyncio.timeout(8):
        await until(events, lambda event: isinstance(event, SttOpened | SttFailed))
        audio = silence(200) + tone(1100) + silence(1500)
        for at in range(0, len(audio), FRAME_BYTES):
            ears.send(audio[at : at + FRAME_BYTES])
            await asyncio.sleep(0.02 / 4)
        await until(events, lambda event: isinstance(event, SttHeard) and event.final and bool(event.text))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return events


@pytest.mark.parametrize(
    "faults",
    [
        Faults(refuse=401),
        Faults(refuse=500),
        Faults(late_s=1),
        Faults(drop_at_ms=500),
        Faults(drop_at_ms=100),
    ],
    ids=["401", "500", "late", "in mid-word", "at once"],
)
async def test_ears_that_fail_leave_the_word_to_the_next(deepgram, other_deepgram, faults):
    deepgram.faults = faults
    events = await hear(spec_of(deepgram, "deepgram"), spec_of(other_deepgram, "deepgram", model="nova-2"))
    heard = [event.text for event in events if isinstance(event, SttHeard) and event.final and event.text]
    assert heard == ["what can you do"]
    assert kinds(events).count(ProviderSwitched) == 1
    assert kinds(events).count(SttOpened) == 1 and SttFailed not in kinds(events)


# -- a whole call -------------------------------------------------------------------------------


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


async def test_every_stage_fails_in_mid_call_and_the_conversation_goes_on(
    deepgram, other_deepgram, openai, elevenlabs
):
    deepgram.script = [Faults(drop_at_ms=600)]
    deepgram.faults = Faults(refuse=503)
    openai.faults.always("chat", Fault(status=500))
    plan = plan_of(deepgram, other_deepgram, openai, elevenlabs)
    caller = await call(plan, silence(200) + tone(1100) + silence(3000))
    switched = [(n.data["stage"], n.data["from"], n.data["to"]) for n in caller.noted("provider.switched")]
    assert sorted(switched) == [
        ("llm", "openai", "offline"),
        ("stt", "deepgram", "deepgram nova-2"),
        ("tts", "deepgram", "elevenlabs"),
    ]
    assert [turn["text"] for turn in caller.end.transcript] == ["what can you do", "Of course."]
    assert caller.end.reason == "api_hung_up"


async def test_model_and_voice_break_within_an_answer_and_the_caller_hears_all_of_it(
    deepgram, other_deepgram, openai, elevenlabs
):
    deepgram.script = [Faults(), Faults(drop_at_ms=300)]  # the ears are sound
    first, later = "We open at nine. And we close at", "We close at ten."
    openai.answer = lambda question: later if len(openai.questions) > 1 else first
    openai.faults.add("chat", Fault(cut_after=7))
    plan = plan_of(deepgram, other_deepgram, openai, elevenlabs)
    more = {"fallbacks": {**plan.fallbacks, "llm": [spec_of(openai, "openai", model="gpt-5.6-luna")]}}
    plan = CallPlan(**{name: getattr(plan, name) for name in plan.__slots__} | more)
    caller = await call(plan, silence(200) + tone(1100) + silence(4500))
    switched = [(n.data["stage"], n.data["to"]) for n in caller.noted("provider.switched")]
    assert sorted(switched) == [("llm", "openai gpt-5.6-luna"), ("tts", "elevenlabs")]
    assert [turn["text"] for turn in caller.end.transcript] == [
        "what can you do",
        "We open at nine. We close at ten.",
    ]
    assert caller.noted("reply.broken") and not caller.noted("reply.failed")


async def test_every_provider_is_down_and_the_stored_apology_is_heard(
    deepgram, other_deepgram, openai, elevenlabs
):
    stored = {"Sorry, we are closed.": b"\x22" * 8 * 900}
    for server in (deepgram, other_deepgram):
        server.faults = Faults(refuse=401)
    elevenlabs.faults.always("socket", Fault(status=401))
    plan = plan_of(deepgram, other_deepgram, openai, elevenlabs)
    phrases = type(plan.phrases)(apology="Sorry, we are closed.")
    plan = CallPlan(**{name: getattr(plan, name) for name in plan.__slots__} | {"phrases": phrases})
    caller = await call(plan, silence(3000), stored=stored)
    assert caller.played == stored["Sorry, we are closed."]
    assert (caller.end.reason, caller.said) == ("provider_error", [])
    assert [turn["text"] for turn in caller.end.transcript] == ["Sorry, we are closed."]
