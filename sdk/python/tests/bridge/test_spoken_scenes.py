"""Real sound through the real detector: who stops the agent, how fast, and what does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from patter.bridge.commands import HandlerAsk, TtsSay
from patter.bridge.plan import Phrases
from patter.engines.tts.offline import link
from patter.testing.noisy_line import HOURS, WORDS, begin_speaking, five_minutes, silent_after_ms
from patter.testing.spoken import (
    AGENT,
    SPEAKERS,
    Speaker,
    SpokenScene,
    caller_saying,
    cough,
    voices_for,
)
from patter.turn_taking import turn_taking_of

OFFER = "Would you like beef or chicken with your rice, or rather the fish of the day?"

whoever = pytest.mark.parametrize("speaker", SPEAKERS.values(), ids=SPEAKERS)
in_every_preset = pytest.mark.parametrize("preset", ["quick", "balanced", "patient"])


@pytest.fixture(scope="module", autouse=True)
def no_child_left() -> Iterator[None]:
    yield
    link.CHILD.stop()


async def speaking(
    text: str = HOURS, ms: int = 3000, *, agent: Speaker = AGENT, preset: str = "balanced", **line: object
) -> SpokenScene:
    """The agent is saying this for so long already."""
    values = turn_taking_of({"preset": preset, "idle_prompt_s": 60})
    voices = await voices_for(text, speaker=agent)
    call = SpokenScene(voices, turn_taking=values, **line)  # type: ignore[arg-type]
    return begin_speaking(call.open(), text, ms)


def went_on(call: SpokenScene) -> bool:
    """The reply was heard to its end."""
    call.let(40_000)
    said = [text for role, text in call.turns if role == "assistant"]
    return said[:1] == [HOURS] and "reply.cut" not in call.kinds


@whoever
@in_every_preset
async def test_a_cough_pauses_at_most_and_does_not_stop(speaker: Speaker, preset: str) -> None:
    call = await speaking(agent=speaker, preset=preset)
    call.sound(cough())
    call.let(1500)
    assert ("barge_in.suspected" in call.kinds) == ("barge_in.denied" in call.kinds)
    assert "barge_in.suspected" in call.kinds or preset == "patient"
    assert went_on(call)


@whoever
async def test_mhm_does_not_stop(speaker: Speaker) -> None:
    call = await speaking()
    call.sound(await caller_saying("uh huh", speaker=speaker, rate=190))
    call.let(300)
    call.words(["uh huh"], final="Uh huh.")
    assert went_on(call)
    assert len(call.all(HandlerAsk)) == 1


@whoever
@in_every_preset
async def test_stop_stops(speaker: Speaker, preset: str) -> None:
    call = await speaking(preset=preset)
    call.sound(await caller_saying("stop", speaker=speaker))
    call.let(300)
    call.words([], final="Stop.")
    assert "reply.cut" in call.kinds
    assert call.last(HandlerAsk).text == "Stop."


@whoever
@in_every_preset
async def test_a_television_in_the_background_does_not_stop(speaker: Speaker, preset: str) -> None:
    call = await speaking(preset=preset)
    weather = "and now the weather for the coming days with a lot of rain"
    call.sound(0.03 * await caller_saying(weather, speaker=speaker))
    assert went_on(call)
    assert "barge_in.suspected" not in call.kinds


@whoever
@in_every_preset
async def test_its_own_echo_does_not_stop(speaker: Speaker, preset: str) -> None:
    ms = 3200 * AGENT.rate_wpm // speaker.rate_wpm  # until these words were played
    call = await speaking(ms=ms, agent=speaker, preset=preset, echo_db=-20, noise_dbfs=-45)
    call.hears("and on Sundays at eleven")  # what a recogniser makes of it
    assert went_on(call)
    assert "barge_in.suspected" not in call.kinds


async def test_a_caller_who_repeats_the_offer_is_heard() -> None:
    call = await speaking(OFFER, 1900, echo_db=-20)
    call.sound(await caller_saying("chicken"))
    call.let(200)
    call.words([], final="Chicken.")
    assert call.last(HandlerAsk).text == "Chicken."
    assert "reply.cut" in call.kinds


@whoever
async def test_a_slow_speaker_is_given_time(speaker: Speaker) -> None:
    call = SpokenScene({}, turn_taking=turn_taking_of({"preset": "patient"})).open()
    for piece in ("my number is", "five five", "two one"):
        call.sound(await caller_saying(piece, speaker=speaker))
        call.let(300)
        call.words([], final=piece, end=False)
        call.let(700)
    assert not call.all(HandlerAsk)
    call.let(700)
    assert [ask.text for ask in call.all(HandlerAsk)] == ["my number is five five two one"]


@whoever
async def test_two_short_sentences_are_one_turn_while_nothing_was_answered(speaker: Speaker) -> None:
    call = SpokenScene({}).open()
    for sentence in ("I want a table.", "For two people."):
        call.sound(await caller_saying(sentence, speaker=speaker))
        call.let(300)
        call.words([], final=sentence)
        call.let(100)
    assert call.last(HandlerAsk).history == [{"role": "user", "text": "I want a table. For two people."}]


async def test_talking_over_the_greeting_is_heard() -> None:
    call = SpokenScene(await voices_for(HOURS), first_message=HOURS).open()
    call.let(1200)
    call.sound(await caller_saying("I want to speak to a person"))
    call.let(200)
    call.words([], final="I want to speak to a person")
    assert call.turns[0][1] != HOURS
    assert call.last(HandlerAsk).text == "I want to speak to a person"


async def test_silence_is_asked_about_once_the_agent_was_heard() -> None:
    call = SpokenScene(await voices_for(Phrases().idle, Phrases().goodbye), noise_dbfs=-45).open()
    call.let(9900)
    assert not call.all(TtsSay)
    call.let(200)
    assert call.last(TtsSay).text == "Are you still there?"


# -- figures -----------------------------------------------------------------------------------------


@in_every_preset
async def test_five_minutes_of_speech_with_noise_and_echo_bring_one_false_pause_at_most(preset: str) -> None:
    assert (await five_minutes(AGENT, preset)).kinds.count("barge_in.suspected") <= 1


@whoever
async def test_no_agent_s_voice_pauses_for_its_own_echo(speaker: Speaker) -> None:
    """In the preset that pauses soonest."""
    assert (await five_minutes(speaker, "quick")).kinds.count("barge_in.suspected") <= 1


@pytest.mark.parametrize(("preset", "within_ms"), [("quick", 60), ("balanced", 140), ("patient", 300)])
async def test_the_agent_falls_silent_in_time(preset: str, within_ms: int) -> None:
    callers = [Speaker(rate_wpm=rate) for rate in (130, 160, 190)]
    assert await silent_after_ms(AGENT, preset, callers) <= within_ms


@whoever
@pytest.mark.parametrize(("preset", "within_ms"), [("quick", 60), ("balanced", 140)])
async def test_whoever_speaks_the_agent_falls_silent(speaker: Speaker, preset: str, within_ms: int) -> None:
    assert await silent_after_ms(speaker, preset, list(SPEAKERS.values()), WORDS[::3]) <= within_ms
