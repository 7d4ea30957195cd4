"""OpenAI hears utterances: where they begin and end, and what becomes of their text."""

import asyncio
from collections import deque

import pytest

from patter.audio.frames import bytes_of, ms_of, silence
from patter.bridge.events import (
    SttClosed,
    SttFailed,
    SttHeard,
    SttOpened,
    SttSpeechStarted,
    SttUtteranceEnded,
)
from patter.engines.stt import open_stt
from patter.engines.stt.openai.link import Deadlines, OpenAiStt
from patter.engines.stt.openai.utterances import Limits, Utterance, Utterances, VoiceBegan
from patter.engines.stt.openai.wire import text_of
from patter.errors import ConfigError
from patter.simulators.openai import Fault
from patter.simulators.openai.hearing import Scripted
from patter.simulators.sound import tone

QUICK = Deadlines(answer_s=0.25, for_each_second_s=0)
QUIET = silence(400)
SPEECH = tone(600)
LINE = QUIET + SPEECH + silence(700)


class Ears:
    """A recogniser at work."""

    def __init__(self, stt, stt_id="s1"):
        self.stt, self.events = stt, []
        self.news = asyncio.Queue()
        self.task = asyncio.create_task(stt.run(stt_id, self.news.put_nowait))

    def hear(self, line):
        for at in range(0, len(line), 160):
            self.stt.send(line[at : at + 160])

    async def next(self, kind):
        async with asyncio.timeout(3):
            while not isinstance(event := await self.news.get(), kind):
                self.events.append(event)
            self.events.append(event)
            return event

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        while not self.news.empty():
            self.events.append(self.news.get_nowait())


@pytest.fixture
async def ears(server, spec):
    opened = []

    def make(stt_id="s1", deadlines=None, **more):
        opened.append(Ears(OpenAiStt(spec(**more), deadlines), stt_id))
        return opened[-1]

    yield make
    for each in opened:
        await each.stop()


# -- utterances, without a socket -----------------------------------------------------------------


def cut(line, limits=None, size=160):
    utterances = Utterances(limits or Limits())
    return [found for at in range(0, len(line), size) for found in utterances.feed(line[at : at + size])]


@pytest.mark.parametrize("size", [8, 160, 400, 8000])
def test_an_utterance_has_a_pre_roll_and_a_pause(size):
    began, utterance = cut(LINE, size=size)
    assert began == VoiceBegan() and utterance.ended
    assert ms_of(len(utterance.payload)) == pytest.approx(300 + 600 + 300, abs=40)
    assert SPEECH[:1600] in utterance.payload


def test_a_click_is_no_utterance():
    assert cut(QUIET + tone(80) + silence(700)) == [VoiceBegan(), Utterance(b"", ended=True)]


def test_silence_is_nothing_and_is_not_kept():
    utterances = Utterances(Limits())
    assert utterances.feed(silence(60_000)) == []
    assert utterances.cut() is None
    assert len(utterances._audio) < bytes_of(1000)


def test_a_pause_within_a_sentence_does_not_cut_it():
    found = cut(QUIET + SPEECH + silence(300) + SPEECH + silence(700))
    assert [type(each) for each in found] == [VoiceBegan, Utterance]


def test_a_speech_without_end_comes_in_pieces():
    found = cut(QUIET + tone(5000) + silence(700), Limits(max_ms=2000))
    pieces = [each for each in found if isinstance(each, Utterance)]
    assert [piece.ended for piece in pieces] == [False, False, True]
    assert sum(len(piece.payload) for piece in pieces) >= bytes_of(5000)


def test_what_was_cut_is_not_given_twice():
    utterances = Utterances(Limits())
    utterances.feed(QUIET + SPEECH + silence(300))
    assert ms_of(len(utterances.cut().payload)) >= 900
    assert utterances.cut() is None
    assert utterances.feed(silence(400)) == [Utterance(b"", ended=True)]


# -- the adapter ----------------------------------------------------------------------------------


async def test_it_opens_hears_and_ends_a_turn(server, ears):
    server.hear = Scripted(["Good morning."])
    listening = ears(language="en-GB", options={"prompt": "A bakery.", "keyterms": ["Ada"]})
    await listening.next(SttOpened)
    listening.hear(LINE)
    assert await listening.next(SttHeard) == SttHeard("s1", "Good morning.", final=True, end_of_turn=True)
    assert [type(event) for event in listening.events] == [SttOpened, SttSpeechStarted, SttHeard]
    [recording] = server.recordings
    assert (recording.model, recording.language, recording.prompt) == ("gpt-transcribe", "en", "A bakery.")
    assert recording.keywords == ("Ada",)
    assert recording.duration_ms == pytest.approx(1200, abs=50)


async def test_cancelling_closes_and_leaves_no_task(server, ears, engine_tasks):
    server.faults.add("transcriptions", Fault(silent=True))
    listening = ears()
    listening.hear(LINE)
    await listening.next(SttSpeechStarted)
    await listening.stop()
    assert listening.events[-1] == SttClosed("s1") and listening.task.cancelled()
    assert engine_tasks() == []


async def test_noise_and_silence_are_never_posted(server, ears):
    listening = ears()
    listening.hear(QUIET + tone(80) + silence(700))
    assert await listening.next(SttSpeechStarted) == SttSpeechStarted("s1", interims=False)
    await listening.next(SttUtteranceEnded)  # nobody waits for words of it
    assert server.requests["transcriptions"] == 0


async def test_finalize_asks_early_and_the_silence_ends_the_turn(server, ears):
    server.hear = Scripted(["Two"])
    listening = ears()
    listening.hear(QUIET + SPEECH + silence(300))
    await listening.next(SttSpeechStarted)
    listening.stt.finalize()
    assert await listening.next(SttHeard) == SttHeard("s1", "Two", final=True, end_of_turn=False)
    listening.hear(silence(400))
    await listening.next(SttUtteranceEnded)
    assert server.requests["transcriptions"] == 1


async def test_who_speaks_on_has_not_finished_their_turn(server, ears):
    gate = asyncio.Event()
    texts = deque(["I want", "a table"])

    async def hear(recording):
        await gate.wait()
        return texts.popleft()

    server.hear = hear
    listening = ears()
    listening.hear(LINE + SPEECH)
    await listening.next(SttSpeechStarted)
    await listening.next(SttSpeechStarted)
    gate.set()
    assert not (await listening.next(SttHeard)).end_of_turn
    listening.hear(silence(700))
    assert await listening.next(SttHeard) == SttHeard("s1", "a table", final=True, end_of_turn=True)


async def test_an_empty_text_is_no_turn(server, ears):
    server.faults.add("transcriptions", Fault(empty=True))
    listening = ears()
    listening.hear(LINE + LINE)
    assert (await listening.next(SttHeard)).end_of_turn
    assert sum(isinstance(event, SttHeard) for event in listening.events) == 1


async def test_two_callers_at_once_do_not_mix(server, ears):
    one, two = ears("s1"), ears("s2")
    one.hear(LINE)
    two.hear(QUIET + tone(1500) + silence(700))
    first, second = await asyncio.gather(one.next(SttHeard), two.next(SttHeard))
    assert (first.stt_id, second.stt_id) == ("s1", "s2")
    assert int(first.text.split()[0]) + 800 < int(second.text.split()[0])


@pytest.mark.parametrize(
    ("fault", "permanent", "requests"),
    [
        (Fault(status=400), True, 1),
        (Fault(status=401), True, 1),
        (Fault(status=429), False, 2),
        (Fault(status=429, code="insufficient_quota"), True, 1),
        (Fault(status=500), False, 2),
        (Fault(silent=True), False, 1),
        (Fault(late_s=0.5), False, 1),
        (Fault(stall_after=1), False, 1),
        (Fault(cut_after=1), False, 2),
        (Fault(garbage=True), False, 2),
    ],
)
async def test_every_failure_is_one_event(server, ears, engine_tasks, fault, permanent, requests):
    server.faults.always("transcriptions", fault)
    listening = ears(deadlines=QUICK)
    listening.hear(LINE)
    failed = await listening.next(SttFailed)
    assert failed.permanent is permanent and failed.error
    await listening.task
    assert server.requests["transcriptions"] == requests
    assert engine_tasks() == []


async def test_one_passing_fault_is_not_heard_of(server, ears):
    server.faults.add("transcriptions", Fault(status=500))
    listening = ears()
    listening.hear(LINE)
    assert (await listening.next(SttHeard)).end_of_turn


def test_a_prompt_that_comes_back_was_not_said():
    assert text_of(b'{"text": " a bakery. "}', "A bakery.") == ""
    assert text_of(b'{"text": " A bakery, please. "}', "A bakery.") == "A bakery, please."
    for broken in (b"{", b"[]", b"{}"):
        with pytest.raises(ValueError):
            text_of(broken)


def test_the_registry_and_what_cannot_work(spec):
    assert isinstance(open_stt(spec()), OpenAiStt)
    for more in ({"options": {"endpointing_ms": 1}}, {"options": {"keyterms": "Ada"}}, {"api_key": None}):
        with pytest.raises(ConfigError):
            OpenAiStt(spec(**more))
