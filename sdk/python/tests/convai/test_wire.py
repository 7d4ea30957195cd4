"""Messages of the socket and requests for replies, also such as nobody should send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patter.bridge.plan import CallPlan, ProviderSpec
from patter.engines.convai.completions import BadCompletionError, read_request
from patter.engines.convai.endings import After, ending_of
from patter.engines.convai.gate import Gate
from patter.engines.convai.settings import initiation_of, settings_of
from patter.engines.convai.wire import (
    READERS,
    AgentAudio,
    Ping,
    Pong,
    Trouble,
    Unreadable,
    decode,
    encode,
    is_socket_of,
)
from patter.errors import ConfigError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(READERS)), JSON, JSON)
def test_no_message_breaks_the_call(kind, event, other):
    names = ("audio_event", "ping_event", "error_event", "client_tool_call", f"{kind}_event")
    decode(json.dumps({"type": kind, **dict.fromkeys(names, event)}))
    decode(json.dumps(other))
    decode('{"type": "ping", "ping_event": {"event_id": Infinity}}')


@pytest.mark.parametrize("words", [None, [], {}, 5])
def test_what_is_no_text_was_not_said(words):
    event = {"user_transcript": words, "agent_response": words, "corrected_agent_response": words}
    for kind in ("user_transcript", "tentative_user_transcript", "agent_response"):
        names = (f"{kind}_event", "user_transcription_event", "tentative_user_transcription_event")
        told = decode(json.dumps({"type": kind, **dict.fromkeys(names, event)}))
        assert isinstance(told, Unreadable), kind


@given(JSON, JSON)
def test_no_request_breaks_the_door(messages, tools):
    try:
        read_request(json.dumps({"messages": messages, "tools": tools}).encode())
    except BadCompletionError:
        pass


def test_the_last_message_of_the_caller_is_what_counts():
    parts = [{"type": "text", "text": "two"}, {"type": "image"}]
    said = [("system", "s"), ("user", "one"), ("assistant", "a"), ("user", parts), ("assistant", "")]
    messages = [{"role": role, "content": content} for role, content in said]
    request = read_request(json.dumps({"messages": messages}).encode())
    assert (request.text, request.messages, request.stream) == ("two", 2, False)


@pytest.mark.parametrize(
    ("base", "url", "fits"),
    [
        (None, "wss://api.elevenlabs.io/v1/convai/conversation?x=1", True),
        (None, "wss://api.eu.residency.elevenlabs.io/v1", True),
        (None, "ws://api.elevenlabs.io/v1", False),
        (None, "wss://elevenlabs.io.evil.example/", False),
        (None, "https://api.elevenlabs.io/", False),
        ("http://127.0.0.1:9/v1", "ws://127.0.0.1:9/v1/convai", True),
        ("http://127.0.0.1:9", "ws://127.0.0.1:10/", False),
        ("https://proxy.example", "wss://10.0.0.1/", False),
        ("https://proxy.example", "ws://proxy.example/", False),
    ],
)
def test_a_signed_address_leads_to_the_vendor_or_to_where_it_was_asked_for(base, url, fits):
    assert is_socket_of(base, url) is fits


@pytest.mark.parametrize(
    ("code", "reason", "trouble", "after"),
    [
        (1000, "", None, After.HANG_UP),
        (1000, "max_duration_exceeded", None, After.TOO_LONG),
        (1000, "", Trouble(1000, "max_duration_exceeded", ""), After.TOO_LONG),
        (1002, "", Trouble(1002, "llm_timeout", "took too long"), After.AGAIN),
        (1002, "", Trouble(1002, "safety_violation", ""), After.GIVE_UP),
        (1008, "override_error: tts", None, After.GIVE_UP),
        (1011, "", None, After.AGAIN),
        (None, "", None, After.AGAIN),
    ],
)
def test_what_follows_when_the_vendor_closes(code, reason, trouble, after):
    assert ending_of(code, reason, trouble).after is after


def pieces(*ids: int) -> list[AgentAudio]:
    return [AgentAudio(event_id, b"x") for event_id in ids]


def test_of_an_answer_that_was_cut_nothing_more_is_played():
    gate = Gate()
    assert [gate.audio(piece) for piece in pieces(1, 2)] == [pieces(1), pieces(2)]
    assert gate.interrupted(3) == []
    assert [gate.audio(piece) for piece in pieces(3, 4)] == [[], pieces(4)]


def test_after_our_own_cut_the_next_answer_is_told_from_the_rest_of_the_old_one():
    gate = Gate()
    gate.audio(*pieces(5))
    gate.cut()
    for piece in pieces(6, 7, 8):
        assert gate.audio(piece) == []
    assert gate.answered(8) == pieces(8)
    gate.cut()
    assert gate.audio(*pieces(9)) == []
    assert gate.answered(0) == []
    assert gate.audio(*pieces(10)) == pieces(10)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "set convai_agent_id"),
        ({"agent_id": "a", "dynamic_variables": {"list": [1]}}, "dynamic variable 'list' is a text"),
    ],
)
def test_settings_that_cannot_work_are_refused(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        settings_of(ProviderSpec("elevenlabs", options=options))


def test_a_call_overrides_only_what_it_was_told():
    spec = ProviderSpec(
        "elevenlabs", voice="v1", options={"agent_id": "a", "dynamic_variables": {"shop": "Acme"}}
    )
    settings = settings_of(spec, call_token="secret")
    assert "secret" not in repr(settings)
    plan = CallPlan("c1", caller="+1555", custom_params={"shop": "Best", "order": "7"})
    told = json.loads(encode(initiation_of(plan, settings, again=False)))
    assert told["conversation_config_override"] == {"tts": {"voice_id": "v1"}}
    # All values of the call are in the variables already, the strongest one of each name.
    assert (told["dynamic_variables"]["shop"], told["dynamic_variables"]["order"]) == ("Acme", "7")
    assert told["dynamic_variables"]["secret__patter_call"] == "secret"


@pytest.mark.parametrize(
    "given",
    [
        7,
        {"chars": ["a"], "char_start_times_ms": 1, "char_durations_ms": [1]},
        {"chars": ["a"], "char_start_times_ms": ["1"], "char_durations_ms": [1]},
    ],
)
def test_times_that_cannot_be_read_are_none(given):
    event = {"event_id": 1, "audio_base_64": "", "alignment": given}
    assert decode(json.dumps({"type": "audio", "audio_event": event})) == AgentAudio(1, b"", None)


def test_a_ping_is_answered_by_its_id_whatever_else_it_says():
    ping = decode('{"type": "ping", "ping_event": {"event_id": 7, "ping_ms": 42}}')
    assert ping == Ping(7)
    assert json.loads(encode(Pong(7))) == {"type": "pong", "event_id": 7}
    assert decode('{"type": "vad_score", "vad_score_event": {"vad_score": 0.9}}') is None
