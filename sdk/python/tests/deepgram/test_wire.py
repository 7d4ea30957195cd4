"""What Deepgram's messages and addresses mean; no socket."""

import json

import pytest

from patter.bridge.events import (
    SttEagerEnd,
    SttFailed,
    SttHeard,
    SttResumed,
    SttSpeechStarted,
    SttUtteranceEnded,
)
from patter.bridge.plan import ProviderSpec
from patter.engines.deepgram.wire import endpoint, headers, is_permanent
from patter.engines.stt.deepgram import wire as nova
from patter.engines.stt.deepgram_flux import wire as flux
from patter.engines.tts.deepgram import wire as aura
from patter.errors import ConfigError
from patter.simulators.deepgram.query import parse

SPEC = ProviderSpec("deepgram", api_key="k")


def results(text, **more):
    return json.dumps({"type": "Results", "channel": {"alternatives": [{"transcript": text}]}, **more})


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (None, "wss://api.deepgram.com/v1/listen?a=b"),
        ("", "wss://api.deepgram.com/v1/listen?a=b"),
        ("http://127.0.0.1:9", "ws://127.0.0.1:9/v1/listen?a=b"),
        ("https://api.eu.deepgram.com/", "wss://api.eu.deepgram.com/v1/listen?a=b"),
        ("wss://dg.example.com/v1", "wss://dg.example.com/v1/listen?a=b"),
        ("wss://dg.example.com/v1/listen/", "wss://dg.example.com/v1/listen?a=b"),
        ("https://example.com/deepgram/v1/v1/listen", "wss://example.com/deepgram/v1/listen?a=b"),
        ("https://example.com/v2/speak//", "wss://example.com/v1/listen?a=b"),
        ("dg.example.com", "wss://dg.example.com/v1/listen?a=b"),
    ],
)
def test_base_urls_are_mended(base_url, expected):
    assert endpoint(base_url, "/v1/listen", [("a", "b")]) == expected


@pytest.mark.parametrize("base_url", ["ftp://example.com", "http://", "file:///etc/hosts"])
def test_what_is_no_address(base_url):
    with pytest.raises(ConfigError):
        endpoint(base_url, "/v1/listen", [])


@pytest.mark.parametrize("key", [None, "", "  ", "a b", "a\r\nX-Other: 1", "schlüssel"])
def test_a_key_that_is_none(key):
    with pytest.raises(ConfigError):
        headers(ProviderSpec("deepgram", api_key=key))


def test_the_default_stream():
    query = dict(nova.query(SPEC))
    assert query == {
        **{
            "model": "nova-3",
            "encoding": "mulaw",
            "sample_rate": "8000",
            "channels": "1",
            "endpointing": "300",
        },
        **{
            "interim_results": "true",
            "vad_events": "true",
            "utterance_end_ms": "1000",
            "smart_format": "true",
        },
    }


@pytest.mark.parametrize(
    ("model", "language", "options"),
    [
        (
            None,
            "en-US",
            {"keyterms": ["Patter", "Dr. Who & Co"], "endpointing_ms": 50, "smart_format": False},
        ),
        ("nova-2", "pt-BR", {"keyterms": "Patter", "numerals": True}),
        (None, "multi", {"language_hint": ["en", "de"], "utterance_end_ms": None}),
    ],
)
def test_every_stream_is_one_that_the_server_takes(model, language, options):
    spec = ProviderSpec("deepgram", model=model, language=language, options=options, api_key="k")
    address = nova.NovaDialect().url(spec)
    parse("/v1/listen", address.partition("?")[2])


def test_a_sign_of_life_is_due_as_often_as_the_vendor_asks():
    assert 3 <= nova.NovaDialect.idle_s <= 5


@pytest.mark.parametrize(
    "options", [{"endpointing": 300}, {"endpointing_ms": "300"}, {"smart_format": 1}, {"keyterms": [1]}]
)
def test_options_that_cannot_work(options):
    with pytest.raises(ConfigError):
        nova.query(ProviderSpec("deepgram", options=options))


@pytest.mark.parametrize(
    ("message", "events"),
    [
        (results("hel", is_final=False), [SttHeard("s", "hel", final=False)]),
        (results("", is_final=False), []),
        (results("hello", is_final=True, speech_final=False), [SttHeard("s", "hello", True, False)]),
        (results("there", is_final=True, speech_final=True), [SttHeard("s", "there", True, True)]),
        (results("", is_final=True, speech_final=True), [SttHeard("s", "", True, True)]),
        (
            results("x", is_final=True, speech_final=True, from_finalize=True),
            [SttHeard("s", "x", True, False)],
        ),
        ('{"type":"SpeechStarted","channel":[0,1],"timestamp":0.4}', [SttSpeechStarted("s")]),
        ('{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.3}', [SttUtteranceEnded("s")]),
        ('{"type":"Metadata","request_id":"r"}', []),
        (
            '{"type":"Error","variant":"SchemaError","description":"no"}',
            [SttFailed("s", "deepgram: SchemaError: no")],
        ),
        ('{"type":"Results"}', []),
        ('{"type":"Results","channel":{"alternatives":[]}}', []),
        ("{broken", []),
        ("[]", []),
        (b"\xff\xfe", []),
    ],
)
def test_what_nova_says(message, events):
    assert nova.NovaDialect().decode("s", message) == events


@pytest.mark.parametrize(
    ("event", "events"),
    [
        ("StartOfTurn", [SttSpeechStarted("s"), SttHeard("s", "hi", False)]),
        ("Update", [SttHeard("s", "hi", False)]),
        ("EagerEndOfTurn", [SttHeard("s", "hi", False), SttEagerEnd("s", "hi")]),
        ("TurnResumed", [SttResumed("s"), SttHeard("s", "hi", False)]),
        ("EndOfTurn", [SttHeard("s", "hi", True, True)]),
        ("SomethingNew", []),
    ],
)
def test_what_flux_says(event, events):
    message = json.dumps({"type": "TurnInfo", "event": event, "transcript": "hi"})
    assert flux.FluxDialect().decode("s", message) == events


def test_flux_models_and_languages():
    assert dict(flux.query(SPEC))["model"] == "flux-general-en"
    german = dict(flux.query(ProviderSpec("deepgram_flux", language="de")))
    assert (german["model"], german["language_hint"]) == ("flux-general-multi", "de")
    assert "language_hint" not in dict(flux.query(ProviderSpec("deepgram_flux", language="multi")))
    assert flux.FluxDialect().decode("s", '{"type":"Error","code":"BAD_REQUEST","description":"no"}') == [
        SttFailed("s", "deepgram: BAD_REQUEST: no", permanent=True)
    ]


@pytest.mark.parametrize(
    ("code", "reason", "permanent"),
    [
        (1011, "NET-0001", False),
        (1006, "", False),
        (1000, "", False),
        (1001, "", False),
        (1008, "DATA-0000", True),
    ],
)
def test_which_closed_sockets_may_be_opened_again(code, reason, permanent):
    assert is_permanent(code, reason) is permanent


@pytest.mark.parametrize(
    ("voice", "model", "language", "expected"),
    [
        (None, None, None, "aura-2-thalia-en"),
        ("Draco", None, None, "aura-2-draco-en"),
        ("aura-2-zeus-en", None, "en-GB", "aura-2-zeus-en"),
        (None, "aura-asteria-en", None, "aura-asteria-en"),
        (None, None, "es-MX", "aura-2-celeste-es"),
        (None, None, "pl", "aura-2-thalia-en"),
    ],
)
def test_voices(voice, model, language, expected):
    spec = ProviderSpec("deepgram", model=model, voice=voice, language=language, options={"speed": 1.1})
    assert aura.voice_of(spec) == expected
    parse("/v1/speak", aura.url(spec).partition("?")[2])


def test_a_long_text_is_sent_in_parts():
    text = "word " * 1000
    *speaks, flush = map(json.loads, aura.speak(text))
    assert flush == {"type": "Flush"}
    assert "".join(speak["text"] for speak in speaks) == text
    assert max(len(speak["text"]) for speak in speaks) <= 1900
    assert len(aura.speak("x" * 4000)) == 4
