"""Models that end are named where an agent is looked at."""

from __future__ import annotations

from datetime import date

import pytest

from agents.endings import ending_models
from patter_site.testing import api

TODAY = date(2026, 11, 23)
VOICE = {"provider": "openai", "voice": "marin"}
EARS = {"provider": "openai", "model": "whisper-1"}
MODEL = {"provider": "openai", "model": "gpt-4o-mini"}


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (
            {
                "stt": {"provider": "deepgram"},
                "llm": {"provider": "openai"},
                "tts": {"provider": "elevenlabs"},
            },
            [],
        ),
        ({"tts": VOICE}, ["gpt-4o-mini-tts"]),
        ({"tts": {"provider": "deepgram", "voice": "aura-2-thalia-en"}}, []),
        ({"llm": MODEL}, ["gpt-4o-mini"]),
        ({"stt": EARS}, []),
        ({"fallbacks": {"llm": [MODEL, MODEL], "tts": [VOICE]}}, ["gpt-4o-mini", "gpt-4o-mini-tts"]),
        ({"mode": "realtime"}, []),
        ({"mode": "realtime", "llm": {"provider": "openai", "model": "gpt-realtime"}}, ["gpt-realtime"]),
        ({"mode": "realtime", "stt": EARS, "tts": VOICE}, ["gpt-4o-mini-tts"]),
        ({"mode": "convai", "llm": MODEL, "tts": {"provider": "offline"}}, ["gpt-4o-mini"]),
        ({"mode": "convai"}, []),
        ({}, []),
    ],
)
def test_every_choice_counts_and_so_does_a_default(config: dict, named: list[str]) -> None:
    assert [sentence.split()[1] for sentence in ending_models(config, TODAY)] == named


def test_what_writes_down_a_realtime_call_counts_too() -> None:
    llm = {"provider": "openai", "options": {"transcription_model": "whisper-1"}}
    config = {"mode": "realtime", "llm": llm}
    assert ending_models(config, TODAY) == []
    [sentence] = ending_models(config, date(2027, 3, 1))
    assert sentence == "openai whisper-1 ended on 2027-02-26. Use gpt-transcribe."


@pytest.mark.django_db
def test_the_api_names_what_the_draft_and_the_published_version_use(cast) -> None:
    url = "/api/v1/agents"
    made = api(cast.key).post(url, {"name": "Mia", "llm": {"provider": "openai", "model": "gpt-5"}}).json()
    assert [sentence.split()[1] for sentence in made["warnings"]] == ["gpt-5"]
    change = {"llm": {"provider": "openai", "model": "o3"}}
    changed = api(cast.key).patch(f"{url}/{made['id']}", change).json()
    assert [sentence.split()[1] for sentence in changed["warnings"]] == ["gpt-5", "o3"]
