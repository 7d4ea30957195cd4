"""The offline recogniser hears the demo's phrases on a telephone line, in time, and invents nothing."""

import asyncio
import time

import numpy as np
import pytest

from patter.audio.mulaw import from_pcm16
from patter.bridge.events import SttClosed, SttHeard, SttSpeechStarted
from patter.bridge.plan import ProviderSpec
from patter.engines.stt.offline.link import OfflineStt
from patter.engines.tts.offline.link import speak
from patter.errors import ConfigError
from patter.simulators.demo import CALLER_RATE_WPM, CALLER_VOICE, PHRASES

pytestmark = [pytest.mark.alone, pytest.mark.extra]  # how soon a word is heard depends on who else computes


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("voice", "rate", "noise_db"),
    [(CALLER_VOICE, CALLER_RATE_WPM, -45), (CALLER_VOICE, CALLER_RATE_WPM, -80), ("en-us+m3", 160, -40)],
)
async def test_all_demo_phrases_are_heard(listening, line, voice: str, rate: int, noise_db: float) -> None:
    heard = []
    async with listening() as ears:
        for phrase in PHRASES:
            await ears.hear(line(await speak(phrase, voice=voice, rate=rate), noise_db=noise_db))
            heard.append((await ears.next_final()).text)
    assert heard == PHRASES


@pytest.mark.asyncio
async def test_words_come_while_the_caller_speaks(listening, line) -> None:
    async with listening() as ears:
        await ears.hear(line(await speak("I would like to book a table")))
        final = await ears.next_final()
    kinds = [type(event) for event in ears.events[1:]]
    assert kinds[0] is SttSpeechStarted
    interims = [event for event in ears.events if isinstance(event, SttHeard) and not event.final]
    assert len(interims) >= 3
    assert interims[-1].text.startswith("I would like")
    assert final.end_of_turn
    assert isinstance(ears.events[-1], SttClosed)


@pytest.mark.asyncio
@pytest.mark.parametrize("endpointing_ms", [300, 600])
async def test_the_turn_ends_so_long_after_the_last_word(listening, line, endpointing_ms: int) -> None:
    speech = line(await speak("what is on the menu"), after_ms=0)
    quiet = line(b"", before_ms=20, after_ms=0)
    async with listening(endpointing_ms=endpointing_ms) as ears:
        await ears.hear(speech)
        final = asyncio.create_task(ears.next_final())
        ended = time.monotonic()
        while not final.done():
            ears.stt.send(quiet)
            await asyncio.sleep(0.02)
        waited_ms = 1000 * (time.monotonic() - ended)
    assert final.result().text == "what is on the menu"
    # The end of a word fades, and two frames make a batch.
    assert endpointing_ms - 120 < waited_ms < endpointing_ms + 250


@pytest.mark.asyncio
async def test_finalize_gives_what_was_heard_without_ending_the_turn(listening, line) -> None:
    async with listening(endpointing_ms=3000) as ears:
        await ears.hear(line(await speak("when are you open"), after_ms=100))
        ears.stt.finalize()
        assert await ears.next_final() == SttHeard("s1", "when are you open", True, False)


@pytest.mark.asyncio
async def test_a_short_lost_ending_is_made_whole_by_finalize(listening, line) -> None:
    speech = await speak("hold on a moment please")
    async with listening(endpointing_ms=3000) as ears:
        await ears.hear(line(speech[: int(len(speech) * 0.85)], after_ms=200))
        ears.stt.finalize()
        assert (await ears.next_final()).text == "hold on a moment please"


@pytest.mark.asyncio
async def test_noise_and_tones_are_not_words_and_spoil_none(listening, line) -> None:
    random = np.random.default_rng(3)
    burst = (random.normal(0, 4000, 6400)).astype("<i2").tobytes()
    tone = (9000 * np.sin(np.arange(8000) * 2 * np.pi * 440 / 8000)).astype("<i2").tobytes()
    quiet = b"\xff" * 6000
    async with listening() as ears:
        await ears.hear(quiet + from_pcm16(burst) + quiet + from_pcm16(tone) + quiet)
        await ears.hear(line(await speak("when are you open")))
        ears.stt.finalize()
        while not (await ears.next_final()).text:
            pass
    finals = [event.text for event in ears.events if isinstance(event, SttHeard) and event.final]
    assert [text for text in finals if text] == ["when are you open"]


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["who is the president of france", "uh", "seventeen"])
async def test_other_speech_is_not_made_into_a_phrase(listening, line, text: str) -> None:
    async with listening() as ears:
        await ears.hear(line(await speak(text)))
        assert (await ears.next_final()).text == ""


@pytest.mark.parametrize(
    "options",
    [{}, {"phrases": []}, {"phrases": "yes"}, {"phrases": ["42"]}, {"phrases": ["yes"], "endpointing_ms": 5}],
)
def test_options_are_checked_before_the_call(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        OfflineStt(ProviderSpec("offline", options=options))
