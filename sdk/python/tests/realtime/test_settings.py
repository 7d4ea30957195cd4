"""An agent's choices as a session, and what is said of choices that cannot work."""

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.realtime.settings import settings_of
from patter.engines.realtime.trouble import Weight, is_fatal_close, weigh
from patter.engines.realtime.usage import response_usage
from patter.engines.realtime.wire import ToolCalled, Trouble, parse
from patter.errors import ConfigError
from patter.simulators.openai.realtime.session_shapes import check_session

TOOL = {"type": "function", "function": {"name": "hours", "description": "When.", "parameters": {}}}


def session(automatic=True, **options):
    spec = ProviderSpec("openai", voice="cedar", language="de-CH", options=options)
    return settings_of(spec).session("Be kind.", [TOOL], automatic=automatic)


def test_every_session_has_the_shape_that_the_server_takes():
    for options in (
        {},
        {"turn_detection": "semantic_vad", "eagerness": "low", "silence_duration_ms": 700},
        {"noise_reduction": "off", "speed": 1.2, "reasoning_effort": "low", "retention_ratio": 0.8},
        {"keyterms": ["Acme"], "transcription_prompt": "Names.", "max_output_tokens": 300},
        {"keyterms": ["Acme"], "transcription_model": "whisper-1"},
    ):
        assert check_session(session(**options), "gpt-realtime-2.1")


def test_a_phone_call_is_carried_in_its_own_format():
    made = session(keyterms=["Acme"])
    assert made["audio"]["input"]["format"] == made["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert made["audio"]["input"]["transcription"] == {
        "model": "gpt-transcribe",
        "language": "de",
        "keywords": ["Acme"],
    }
    assert made["tools"] == [{"type": "function", "name": "hours", "description": "When.", "parameters": {}}]


def test_a_running_session_is_switched_without_its_voice():
    switched = settings_of(ProviderSpec("openai")).switch(automatic=False)
    assert switched["audio"].keys() == {"input"}
    detection = switched["audio"]["input"]["turn_detection"]
    assert (detection["create_response"], detection["interrupt_response"]) == (False, False)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"temperature": 1}, "there is no option 'temperature'"),
        ({"speed": 3}, "option 'speed' is a number from 0.25 to 1.5, not 3"),
        ({"turn_detection": "vad"}, "option 'turn_detection' is one of server_vad, semantic_vad, not 'vad'"),
        ({"turn_detection": "semantic_vad", "threshold": 0.3}, "belongs to turn_detection 'server_vad'"),
        ({"eagerness": "high"}, "belongs to turn_detection 'semantic_vad'"),
        ({"max_output_tokens": "inf"}, "option 'max_output_tokens' is a whole number"),
    ],
)
def test_an_option_that_cannot_work_is_named(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        session(**options)


@pytest.mark.parametrize(
    ("code", "weight"),
    [
        ("response_cancel_not_active", Weight.HARMLESS),
        ("unknown_parameter", Weight.REFUSED),
        ("session_expired", Weight.SESSION),
        ("insufficient_quota", Weight.FATAL),
    ],
)
def test_errors_weigh_differently(code, weight):
    assert weigh(Trouble(code, "")) is weight


def test_a_server_that_fails_at_one_message_keeps_its_session():
    assert weigh(Trouble("server_error", "")) is Weight.SESSION
    assert weigh(Trouble("server_error", "", event_id="r1")) is Weight.REFUSED
    assert weigh(Trouble("session_expired", "", event_id="r1")) is Weight.SESSION


def test_settings_that_are_refused_and_the_old_shape_are_fatal():
    assert weigh(Trouble("invalid_value", "", event_id="settings")) is Weight.FATAL
    assert weigh(Trouble("invalid_value", "Audio content of 3700ms is already shorter than 3760ms")) is (
        Weight.HARMLESS
    )
    assert is_fatal_close(4000, "") and not is_fatal_close(1011, "")


def test_cached_input_is_counted_once():
    details = {"text_tokens": 200, "audio_tokens": 50, "cached_tokens_details": {"text_tokens": 128}}
    usage = {"input_token_details": details, "output_token_details": {"text_tokens": 15, "audio_tokens": 45}}
    assert response_usage(usage) == {
        "speech_text_input_tokens": 72,
        "speech_cached_text_input_tokens": 128,
        "speech_audio_input_tokens": 50,
        "speech_text_output_tokens": 15,
        "speech_audio_output_tokens": 45,
    }


def test_nonsense_is_an_error_and_what_is_not_needed_is_nothing():
    assert parse('{"type": "rate_limits.updated", "rate_limits": []}') is None
    item = '{"type":"function_call","call_id":"c","name":"n","arguments":""}'
    text = '{"type":"response.output_item.done","response_id":"r","item":' + item + "}"
    assert parse(text) == ToolCalled("r", "c", "n", "")
    for text in ("{", "[]", "1", '{"type": "response.output_audio.delta"}', '{"type": []}'):
        with pytest.raises(ValueError):
            parse(text)
