"""What is sent on ElevenLabs' socket, and what its messages mean."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.tts.elevenlabs.settings import settings_of
from patter.engines.tts.elevenlabs.wire import (
    Audio,
    Final,
    Trouble,
    address,
    close_context,
    closed,
    keep_alive,
    open_context,
    parse,
    speak,
)
from patter.errors import ConfigError


def settings(**more):
    return settings_of(ProviderSpec("elevenlabs", api_key="k", **more))


def test_the_address():
    parts = urlsplit(address(None, settings(voice="a/b", language="de-DE")))
    assert (parts.scheme, parts.netloc) == ("wss", "api.elevenlabs.io")
    assert parts.path == "/v1/text-to-speech/a%2Fb/multi-stream-input"
    assert parse_qs(parts.query) == {
        "model_id": ["eleven_flash_v2_5"],
        "output_format": ["ulaw_8000"],
        "auto_mode": ["true"],
        "inactivity_timeout": ["180"],
        "sync_alignment": ["true"],
        "language_code": ["de"],
    }


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1", "http://127.0.0.1:1/", "http://127.0.0.1:1/v1/"])
def test_another_host(base_url):
    assert address(base_url, settings()).startswith("ws://127.0.0.1:1/v1/text-to-speech/")


def test_a_language_goes_only_to_models_that_take_one():
    assert "language_code" not in address(None, settings(model="eleven_multilingual_v2", language="de"))


def test_the_messages_of_a_context():
    chosen = settings(options={"stability": 0.4, "speed": 1.1, "use_speaker_boost": False})
    assert json.loads(open_context("c1", chosen)) == {
        "text": " ",
        "context_id": "c1",
        "voice_settings": {"stability": 0.4, "speed": 1.1, "use_speaker_boost": False},
    }
    assert "voice_settings" not in json.loads(open_context("c1", settings()))
    assert json.loads(speak("c1", "Yes.\n")) == {"text": "Yes. ", "context_id": "c1", "flush": True}
    assert json.loads(close_context("c1")) == {"context_id": "c1", "close_context": True}
    assert json.loads(keep_alive("c1")) == {"text": "", "context_id": "c1"}


@pytest.mark.parametrize(
    "more",
    [
        {"model": "eleven_v3"},
        {"model": "eleven_v4_turbo"},
        {"options": {"speed": 2}},
        {"options": {"stability": True}},
        {"options": {"apply_text_normalization": "maybe"}},
    ],
)
def test_what_cannot_work_is_said_at_once(more):
    with pytest.raises(ConfigError):
        settings(**more)


def test_audio_and_the_end_of_a_context():
    assert parse('{"audio": "/38=", "contextId": "c1", "alignment": null}') == [Audio("c1", b"\xff\x7f")]
    assert parse('{"isFinal": true, "contextId": "c1", "audio": null}') == [Final("c1")]
    assert parse('{"audio": "/38=", "isFinal": true, "contextId": "c1"}') == [
        Audio("c1", b"\xff\x7f"),
        Final("c1"),
    ]
    assert parse('{"isFinal": null, "contextId": "c1"}') == []


@pytest.mark.parametrize("message", ["{oops", "[]", '{"audio": "%%%", "contextId": "c1"}', b"\xff"])
def test_what_cannot_be_read_is_trouble(message):
    [trouble] = parse(message)
    assert isinstance(trouble, Trouble) and not trouble.permanent


@pytest.mark.parametrize(
    ("error", "permanent"),
    [("max_active_conversations", False), ("input_timeout_exceeded", False), ("quota_exceeded", True),
     ("voice_not_found", True), ("invalid_api_key", True), ("system_busy", False)],
)  # fmt: skip
def test_errors(error, permanent):
    assert parse(json.dumps({"message": "Sorry", "error": error, "code": 1008})) == [
        Trouble(f"{error}: Sorry", permanent)
    ]
    assert closed(1008, error).permanent is permanent
