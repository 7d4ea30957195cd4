"""What the catalogue says about OpenAI's and ElevenLabs' models."""

from datetime import date

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue import default_model, models_of
from patter.engines.catalogue.endings import warnings_for

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("provider", "kind", "model"),
    [
        ("openai", "llm", "gpt-6-luna"),
        ("openai", "stt", "gpt-transcribe"),
        ("openai", "tts", "gpt-4o-mini-tts"),
        ("elevenlabs", "tts", "eleven_flash_v2_5"),
    ],
)
def test_one_default_for_each_kind(provider, kind, model):
    assert default_model(provider, kind, "de") == model
    assert [row.id for row in models_of(provider, kind) if row.default] == [model]


def test_other_servers_have_no_default():
    with pytest.raises(LookupError):
        default_model("openai_compatible", "llm")


@pytest.mark.parametrize(
    ("model", "day"),
    [("gpt-5-mini", "2026-12-11"), ("gpt-4o", "2027-01-14"), ("tts-1", "2027-01-06")],
)
def test_what_ends_soon_is_said(model, day):
    [warning] = warnings_for(ProviderSpec("openai", model=model), TODAY)
    assert model in warning and day in warning


def test_a_default_voice_that_ends_is_said_too():
    [warning] = warnings_for(ProviderSpec("openai"), TODAY, "tts")
    assert "Realtime" in warning


def test_no_default_of_a_living_kind_ends():
    assert warnings_for(ProviderSpec("openai", model="gpt-6-luna"), TODAY) == []
    assert warnings_for(ProviderSpec("elevenlabs"), TODAY) == []
