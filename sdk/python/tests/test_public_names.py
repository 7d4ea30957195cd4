"""What users import, and what the constructor makes of what it is given."""

from __future__ import annotations

from pathlib import Path

import pytest

import patter
from patter import ConfigError, LlmConfig, Patter
from patter.options import LocalOptions

SDK = Path(__file__).parents[1]


def test_every_public_name_is_there_and_listed():
    listed = patter.__all__
    assert listed == sorted(listed, key=str.casefold)
    found = [name for name in vars(patter) if not name.startswith("_") and name[:1].isupper()]
    assert sorted(found) == sorted(listed)


def test_the_installed_patter_is_ours():
    assert Path(patter.__file__).is_relative_to(SDK)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("PATTER_API_KEY", "PATTER_BACKEND_URL", "PATTER_REST_URL"):
        monkeypatch.delenv(name, raising=False)


def test_which_home_a_call_has():
    assert Patter("pt_1").mode == "cloud"
    assert Patter(twilio_sid="AC1", twilio_token="t").mode == "local"
    assert Patter("pt_1", twilio_sid="AC1", twilio_token="t").mode == "cloud"
    assert Patter("pt_1", mode="local").mode == "local"
    assert Patter(telnyx_key="k").mode == "local"


def test_where_the_platform_is(monkeypatch):
    def options(**given):
        found = Patter("pt_1", **given)._homes.options
        return found.backend_url, found.rest_url

    assert options() == ("wss://api.getpatter.com", "https://api.getpatter.com")
    assert options(backend_url="ws://localhost:8000/") == ("ws://localhost:8000", "http://localhost:8000")
    assert options(backend_url="http://localhost:8000")[0] == "ws://localhost:8000"
    assert options(rest_url="https://rest.example.com")[1] == "https://rest.example.com"
    monkeypatch.setenv("PATTER_API_KEY", "pt_env")
    monkeypatch.setenv("PATTER_BACKEND_URL", "wss://patter.example.com")
    found = Patter()._homes.options
    assert (found.api_key, found.rest_url) == ("pt_env", "https://patter.example.com")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Patter needs an API key"),
        ({"api_key": "pt_1", "mode": "moon"}, "mode is 'cloud' or 'local'"),
        ({"api_key": "pt_1", "backend_url": "localhost"}, "backend_url is an address"),
        ({"twilio_sid": "AC1"}, "twilio_sid needs twilio_token"),
        ({"twilio_sid": "AC1", "twilio_token": "t", "telnyx_key": "k"}, "the keys of one carrier"),
        ({"mode": "local", "phone_number": "12"}, "phone_number is a number such as"),
    ],
)
def test_what_cannot_work_is_said_at_once(given, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Patter(**given)


def test_secrets_are_in_no_repr():
    local = Patter(twilio_sid="AC1", twilio_token="hush", openai_key="sk-hush")
    assert isinstance(local._homes.options, LocalOptions)
    stt = Patter.deepgram(api_key="dg-hush", language="de")
    llm = LlmConfig("openai_compatible", options={"extra_body": {"k": "hush"}}, base_url="https://a:hush@b")
    shown_of = (local, local._homes.options, Patter("pt_hush")._homes.options, stt, llm, llm.spec())
    for shown in map(repr, shown_of):
        assert "hush" not in shown


def test_the_helpers_say_which_provider():
    assert Patter.deepgram("k", "de").spec().provider == "deepgram"
    assert Patter.deepgram("k", model="flux-general-en").provider == "deepgram_flux"
    assert (Patter.whisper("k").provider, Patter.openai_tts("k", "alloy").voice) == ("openai", "alloy")
    assert Patter.elevenlabs("k", voice="rachel").spec().voice == "rachel"
    with pytest.raises(ConfigError, match="Deepgram needs an API key"):
        Patter.deepgram("")


def test_which_mode_an_agent_has():
    phone = Patter("pt_1")
    assert phone.agent("x").resolved_mode == "realtime"
    assert phone.agent("x", tts=Patter.openai_tts("k")).resolved_mode == "pipeline"
    assert phone.agent("x", convai_agent_id="a").resolved_mode == "convai"
    assert phone.agent("x", convai_agent_id="a", mode="pipeline").resolved_mode == "pipeline"
    with pytest.raises(ConfigError, match="tools is a list, not dict"):
        phone.agent("x", tools={"name": "one"})


async def test_what_belongs_to_the_other_home_says_so():
    local = Patter(twilio_sid="AC1", twilio_token="t")
    with pytest.raises(ConfigError, match="In local mode use serve"):
        await local.connect(lambda message: None)
    with pytest.raises(ConfigError, match="use connect"):
        await Patter("pt_1").serve(Patter("pt_1").agent("x"))
    with pytest.raises(ConfigError, match="to is a number such as"):
        await Patter("pt_1").call("somebody")
