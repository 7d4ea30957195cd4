"""The wrappers with links that fail at every moment, or keep no deadline at all."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from patter.bridge.commands import LlmAsk
from patter.bridge.events import (
    LlmDelta,
    LlmDone,
    LlmFailed,
    LlmToolCall,
    ProviderSwitched,
    SttClosed,
    SttFailed,
    SttHeard,
    SttOpened,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import ProviderSpec
from patter.engines.chain import Chain, Health
from patter.engines.chains import ChainLlm, ChainStt, ChainTts, Deadlines
from patter.errors import ConfigError

A, B = ProviderSpec("a"), ProviderSpec("b")
SHORT = Deadlines(0.05, 0.05, 0.05, 0.05, again_s=0.05)
ASK = LlmAsk("t1", [])
Emit = Callable[[object], None]


async def forever() -> None:
    await asyncio.Event().wait()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Link:
    """Does what its script says, for any port, and keeps what it was given."""

    def __init__(self, script: Callable[[Emit, str], Awaitable[None]]) -> None:
        self._script = script
        self.asked: list[object] = []
        self.heard = b""
        self.finalized = 0
        self.stopped = 0
        self.closed = 0

    async def _do(self, asked: str, emit: Emit) -> None:
        self.asked.append(asked)
        try:
            await self._script(emit, asked)
        except asyncio.CancelledError:
            self.stopped += 1
            raise

    async def ask(self, command: LlmAsk, emit: Emit) -> None:
        await self._do(command.ask_id, emit)

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        await self._do(say_id, emit)

    async def run(self, stt_id: str, emit: Emit) -> None:
        await self._do(stt_id, emit)

    def send(self, payload: bytes) -> None:
        self.heard += payload

    def finalize(self) -> None:
        self.finalized += 1

    async def close(self) -> None:
        self.closed += 1
        raise RuntimeError("odd")


def script(*steps: object) -> Callable[[Emit, str], Awaitable[None]]:
    """Events are emitted, exceptions raised, ``forever`` waits; ``{}`` in a TTS event's place is its id."""

    async def play(emit: Emit, asked: str) -> None:
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            if step is forever:
                await forever()
            elif isinstance(step, float):
                await asyncio.sleep(step)
            else:
                emit(step(asked) if callable(step) else step)

    return play


class Rig:
    def __init__(self, *links: Link | Exception, stage: str = "llm", health: Health | None = None) -> None:
        self.links, self.clock = links, Clock()
        specs = (A, B)[: len(links)]
        self.chain = Chain(stage, specs, health or Health(), keeps=stage == "tts")
        self.events: list[object] = []

    def opener(self, spec: ProviderSpec):
        link = self.links[(A, B).index(spec)]
        if isinstance(link, Exception):
            raise link
        return link

    def llm(self) -> ChainLlm:
        return ChainLlm(self.chain, SHORT, opener=self.opener, clock=self.clock)

    def tts(self, deadlines: Deadlines = SHORT) -> ChainTts:
        return ChainTts(self.chain, deadlines, opener=self.opener, clock=self.clock)

    def stt(self) -> ChainStt:
        return ChainStt(self.chain, SHORT, opener=self.opener, clock=self.clock)

    @property
    def switches(self) -> list[ProviderSwitched]:
        return [event for event in self.events if isinstance(event, ProviderSwitched)]

    @property
    def others(self) -> list[object]:
        return [event for event in self.events if not isinstance(event, ProviderSwitched)]


HELLO = [LlmDelta("t1", "Hello."), LlmDone("t1")]
FAILS_AT_FIRST = [
    (script(LlmFailed("t1", "busy")), "busy"),
    (script(LlmFailed("t1", "key", permanent=True)), "key"),
    (script(RuntimeError("broken")), "broken"),
    (script(TimeoutError()), "TimeoutError"),
    (script(), "said nothing"),
    (script(forever), "no answer in time"),
]


@pytest.mark.parametrize(("first", "why"), FAILS_AT_FIRST)
async def test_a_model_that_fails_before_its_first_word_is_replaced(first, why):
    rig = Rig(Link(first), Link(script(*HELLO)))
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.others == HELLO
    [switched] = rig.switches
    assert (switched.stage, switched.source, switched.target) == ("llm", "a", "b")
    assert why in switched.error


async def test_a_model_that_cannot_be_made_is_replaced():
    rig = Rig(ConfigError("no such model"), Link(script(*HELLO)))
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.others == HELLO and "no such model" in rig.switches[0].error


@pytest.mark.parametrize(
    "begun", [LlmDelta("t1", "Hel"), LlmToolCall("t1", "c1", "end_call", "{}")], ids=["text", "tool"]
)
@pytest.mark.parametrize("then", [LlmFailed("t1", "cut"), RuntimeError("cut"), forever])
async def test_a_model_that_fails_after_its_first_word_is_not_replaced(begun, then):
    second = Link(script(*HELLO))
    rig = Rig(Link(script(begun, then)), second)
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.events[0] == begun and isinstance(rig.events[1], LlmFailed)
    assert len(rig.events) == 2 and not second.asked


async def test_every_model_fails():
    rig = Rig(Link(script(LlmFailed("t1", "one", permanent=True))), Link(script(LlmFailed("t1", "two"))))
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.others == [LlmFailed("t1", "one; two", permanent=False)]


async def test_a_failed_model_is_skipped_for_30_seconds_and_then_asked_again():
    first, second = Link(script(LlmFailed("t1", "busy"))), Link(script(*HELLO))
    rig = Rig(first, second)
    model = rig.llm()
    for now in (0.0, 1.0, 29.9):
        rig.clock.now = now
        await model.ask(ASK, rig.events.append)
    assert (len(first.asked), len(second.asked)) == (1, 3)
    assert len(rig.switches) == 1
    rig.clock.now = 30.0
    await model.ask(ASK, rig.events.append)
    assert (len(first.asked), len(second.asked)) == (2, 4)


async def test_the_next_call_does_not_wait_for_the_same_failure():
    health, first = Health(), Link(script(forever))
    for _ in range(2):
        rig = Rig(first, Link(script(*HELLO)), health=health)
        await rig.llm().ask(ASK, rig.events.append)
        assert rig.switches == [ProviderSwitched("llm", "a", "b", "no answer in time")]
    assert len(first.asked) == 1


async def test_a_chain_of_one_is_waited_for():
    rig = Rig(Link(script(0.15, *HELLO)))
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.events == HELLO


async def test_a_model_with_tools_may_write_arguments_in_silence():
    rig = Rig(Link(script(LlmDelta("t1", "Let me see."), 0.15, LlmDone("t1"))), Link(script(*HELLO)))
    await rig.llm().ask(LlmAsk("t1", [], tools=[{"x": 1}]), rig.events.append)
    assert rig.events[-1] == LlmDone("t1")


@pytest.mark.parametrize("port", ["llm", "tts", "stt"])
async def test_stopping_stops_the_link_and_asks_nobody_else(port):
    first, second = Link(script(forever)), Link(script(*HELLO))
    rig = Rig(first, second, stage=port)
    wrapped = getattr(rig, port)()
    begin = {
        "llm": lambda: wrapped.ask(ASK, rig.events.append),
        "tts": lambda: wrapped.say("s1", "x", rig.events.append),
        "stt": lambda: wrapped.run("stt1", rig.events.append),
    }[port]
    task = asyncio.create_task(begin())
    await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled() and first.stopped == 1 and not second.asked
    assert rig.events == ([SttClosed("stt1")] if port == "stt" else [])


# -- voice --------------------------------------------------------------------------------------


def audio(asked: str) -> TtsAudio:
    return TtsAudio(asked, b"\x11" * 160)


def other(asked: str) -> TtsAudio:
    return TtsAudio(asked, b"\x22" * 160)


SPEAKS = script(audio, TtsDone)
SPEAKS_TOO = script(other, TtsDone)


@pytest.mark.parametrize(
    "first",
    [
        script(lambda asked: TtsFailed(asked, "x")),
        script(lambda asked: TtsFailed(asked, "x", permanent=True)),
        script(RuntimeError("x")),
        script(forever),
        script(),
    ],
    ids=["busy", "permanent", "raises", "hangs", "nothing"],
)
async def test_a_chunk_without_audio_goes_to_the_next_voice_which_stays(first):
    rig = Rig(Link(first), second := Link(SPEAKS_TOO), stage="tts")
    voice = rig.tts()
    await voice.say("s1", "One.", rig.events.append)
    rig.clock.now = 1000.0
    await voice.say("s2", "Two.", rig.events.append)
    assert rig.others == [other("s1"), TtsDone("s1"), other("s2"), TtsDone("s2")]
    assert len(rig.switches) == 1 and second.asked == ["s1", "s2"]


@pytest.mark.parametrize("then", [lambda asked: TtsFailed(asked, "x"), RuntimeError("x"), forever])
async def test_a_chunk_that_broke_off_stays_broken_and_the_next_has_the_other_voice(then):
    rig = Rig(Link(script(audio, then)), Link(SPEAKS_TOO), stage="tts")
    voice = rig.tts()
    await voice.say("s1", "One.", rig.events.append)
    assert rig.events[0] == audio("s1") and isinstance(rig.events[1], TtsFailed) and len(rig.events) == 2
    await voice.say("s2", "Two.", rig.events.append)
    assert rig.others[-2:] == [other("s2"), TtsDone("s2")] and len(rig.switches) == 1


async def test_when_all_voices_failed_the_chunk_is_not_tried_again():
    rig = Rig(Link(script(RuntimeError("x"))), Link(script(forever)), stage="tts")
    await rig.tts().say("s1", "One.", rig.events.append)
    [failed] = rig.others
    assert isinstance(failed, TtsFailed) and failed.tried and not failed.permanent


PATIENT = Deadlines(first_audio_s=60, again_s=0.05)
"""A test that waited so long would not end."""


@pytest.mark.parametrize("links", [1, 2])
async def test_a_silent_voice_is_waited_for_once_and_not_again_by_the_next_phrase(links):
    rig = Rig(*[Link(script(forever)) for _ in range(links)], stage="tts")
    await rig.tts().say("s1", "One.", rig.events.append)
    await asyncio.wait_for(rig.tts(PATIENT).say("s2", "Two.", rig.events.append), 10)
    assert [(event.say_id, event.permanent, event.tried) for event in rig.others] == [
        ("s1", False, True),
        ("s2", False, True),
    ]
    assert [len(link.asked) for link in rig.links] == [2] * links


async def test_a_silent_voice_that_speaks_again_is_waited_for_as_before():
    rig = Rig(Link(script(forever)), stage="tts")
    await rig.tts().say("s1", "One.", rig.events.append)
    rig.links = (Link(script(audio, lambda asked: TtsDone(asked))),)
    await rig.tts(PATIENT).say("s2", "Two.", rig.events.append)
    assert rig.others[1:] == [audio("s2"), TtsDone("s2")]
    assert not rig.chain.failed_lately(0, rig.clock.now)


async def test_one_voice_alone_may_be_tried_again():
    rig = Rig(Link(script(lambda asked: TtsFailed(asked, "x"))), stage="tts")
    await rig.tts().say("s1", "One.", rig.events.append)
    assert rig.events == [TtsFailed("s1", "x")]


async def test_a_voice_that_speaks_one_text_at_a_time_is_not_late_with_the_second():
    turn = asyncio.Lock()

    async def slowly(emit: Emit, asked: str) -> None:
        async with turn:
            for _ in range(5):
                await asyncio.sleep(0.02)
                emit(audio(asked))
            emit(TtsDone(asked))

    rig = Rig(Link(slowly), Link(SPEAKS_TOO), stage="tts")
    voice = rig.tts()
    await asyncio.gather(*(voice.say(name, "x", rig.events.append) for name in ("s1", "s2")))
    assert not rig.switches and rig.events[-1] == TtsDone("s2")


async def test_two_chunks_at_once_are_one_switch():
    rig = Rig(Link(script(forever)), Link(SPEAKS_TOO), stage="tts")
    voice = rig.tts()
    await asyncio.gather(*(voice.say(name, "x", rig.events.append) for name in ("s1", "s2")))
    assert len(rig.switches) == 1
    assert {event.say_id for event in rig.others if isinstance(event, TtsDone)} == {"s1", "s2"}


async def test_closing_closes_all_that_were_used():
    rig = Rig(Link(script(RuntimeError("x"))), Link(SPEAKS), stage="tts")
    voice = rig.tts()
    await voice.close()
    await voice.say("s1", "One.", rig.events.append)
    await voice.close()
    assert [link.closed for link in rig.links] == [1, 1]


# -- ears ---------------------------------------------------------------------------------------


class Ears:
    """A link that opens (or not) and then does what the test says."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.stt = rig, rig.stt()
        self.task = asyncio.create_task(self.stt.run("stt1", rig.events.append))


OPENS = script(SttOpened, forever)


@pytest.mark.parametrize(
    "first",
    [
        script(lambda asked: SttFailed(asked, "x", permanent=True)),
        script(SttClosed),
        script(RuntimeError("x")),
        script(forever),
    ],
    ids=["refused", "closed", "raises", "never opens"],
)
async def test_ears_that_do_not_open_are_replaced(first):
    rig = Rig(Link(first), second := Link(OPENS), stage="stt")
    ears = Ears(rig)
    await asyncio.sleep(0.1)
    assert rig.others == [SttOpened("stt1")] and len(rig.switches) == 1
    ears.stt.send(b"x" * 160)
    ears.stt.finalize()
    assert second.heard == b"x" * 160 and second.finalized == 1
    ears.task.cancel()
    await asyncio.wait([ears.task])
    assert rig.events[-1] == SttClosed("stt1")


async def test_ears_that_fail_in_mid_word_leave_the_last_2_seconds_to_the_next():
    fail = asyncio.Event()

    async def hears(emit: Emit, asked: str) -> None:
        emit(SttOpened(asked))
        await asyncio.sleep(0.03)
        emit(SttHeard(asked, "first", final=True))
        await fail.wait()
        emit(SttFailed(asked, "gone"))

    rig = Rig(first := Link(hears), second := Link(script(0.03, SttOpened, forever)), stage="stt")
    ears = Ears(rig)
    await asyncio.sleep(0.01)
    ears.stt.send(b"0" * 160)
    await asyncio.sleep(0.04)
    for number in range(1, 251):  # 5 s
        ears.stt.send(bytes([number]) * 160)
    ears.stt.finalize()
    fail.set()
    await asyncio.sleep(0.01)
    ears.stt.send(b"\xff" * 160)  # while nobody listens
    await asyncio.sleep(0.06)
    assert len(first.heard) == 251 * 160
    assert second.heard == b"".join(bytes([n]) * 160 for n in range(152, 251)) + b"\xff" * 160
    assert second.finalized == 1
    assert rig.others == [SttOpened("stt1"), SttHeard("stt1", "first", final=True)]
    ears.task.cancel()
    await asyncio.wait([ears.task])


@pytest.mark.parametrize("permanent", [True, False])
async def test_when_all_ears_failed_it_is_told_once(permanent):
    failing = script(lambda asked: SttFailed(asked, "x", permanent=permanent))
    rig = Rig(Link(script(lambda asked: SttFailed(asked, "y", permanent=True))), Link(failing), stage="stt")
    await Ears(rig).task
    assert rig.others == [SttFailed("stt1", "y; x", permanent)]


async def test_nobody_at_all_is_a_failure():
    rig = Rig(stage="stt")
    await Ears(rig).task
    assert isinstance(rig.events[-1], SttFailed) and rig.events[-1].permanent
