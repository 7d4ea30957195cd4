"""Voices that fail at every moment, or keep no deadline at all, and who speaks then."""

import asyncio

import pytest

from patter.bridge.events import TtsAudio, TtsDone, TtsFailed
from patter.engines.chains import Deadlines
from sdk.python.tests.chains.links import Emit, Link, Rig, forever, script


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
