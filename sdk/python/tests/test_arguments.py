"""What the public methods are told: as the README writes it, and what they say where it cannot work."""

from __future__ import annotations

import pytest

from patter import ConfigError, Patter
from patter.options import CloudOptions, resolve_options

LOCAL = {"mode": "local", "twilio_sid": "AC1", "twilio_token": "t", "phone_number": "+14155550000"}


@pytest.fixture
def phone() -> Patter:
    return Patter("pt_x", "ws://127.0.0.1:1", "http://127.0.0.1:1")  # in the order of the README's table


def test_what_the_environment_does_not_have_is_not_given():
    local = Patter(**LOCAL, openai_key=None, webhook_url=None, telnyx_key=None)
    assert local.mode == "local"
    agent = local.agent(system_prompt=None, first_message=None, language=None, voice=None)
    assert (agent.system_prompt, agent.first_message, agent.language) == ("", "", "en")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"api_key": 5}, "api_key is a text, not int."),
        ({"api_key": "pt_x", "backend_url": 8000}, "backend_url is a text, not int."),
        ({**LOCAL, "openai_key": ["sk"]}, "openai_key is a text, not list."),
        ({"api_key": "pt_a\nb"}, "api_key holds characters that no key has"),
        ({"api_key": "pt_ключ"}, "api_key holds characters that no key has"),
    ],
)
def test_a_setting_of_another_kind_is_said(given, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Patter(**given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"system_prompt": 5}, "system_prompt is a text, not int."),
        ({"language": 5}, "language is a text, not int."),
        ({"variables": [1]}, "variables is a dict, not list."),
        ({"stt": "deepgram"}, "stt is what Patter.deepgram"),
        ({"tts": Patter.deepgram("dg")}, "tts is what Patter.elevenlabs"),
        ({"tools": {"name": "one"}}, "tools is a list, not dict."),
        ({"keyterms": "Acme"}, "keyterms is a list, not str."),
        ({"guardrails": "no prices"}, "guardrails is a list, not str."),
        ({"first_speaker": "me"}, "first_speaker is one of agent, caller, not 'me'."),
    ],
)
def test_an_agent_of_another_kind_is_said(phone, given, sentence):
    with pytest.raises(ConfigError, match=sentence):
        phone.agent(**given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"machine_detection": "yes"}, "machine_detection is True or False, not str."),
        ({"voicemail_message": ["Hi"]}, "voicemail_message is a text, not list."),
        ({"variables": ["x"]}, "variables is a dict, not list."),
        ({"max_duration_s": "60"}, "max_duration_s is a whole number, not str."),
        ({"max_duration_s": -1}, "max_duration_s is 10 to 14400, not -1."),
        ({"ring_s": 0}, "ring_s is 5 to 600, not 0."),
        ({"agent": 5}, "agent is an agent's id or an Agent, not int."),
        ({"variables": {"order": object()}}, "cannot be sent to the platform: .* not JSON serializable"),
        ({"idempotency_key": "schlüssel"}, "cannot be sent to the platform"),
    ],
)
async def test_a_call_of_another_kind_is_said_before_anybody_is_asked(phone, given, sentence):
    with pytest.raises(ConfigError, match=sentence):
        await phone.call(to="+14155551234", **given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"port": "8000"}, "port is a whole number, not str."),
        ({"port": 70_000}, "port is a number from 1 to 65535"),
        ({"recording": "yes"}, "recording is True, False or .carrier., not .yes."),
        ({"on_ready": "yes"}, "on_ready is a function, not str."),
        ({"on_ready": lambda phone: None}, "on_ready is called with nothing, and does not take that"),
        ({"on_message": lambda: "hi"}, "on_message is called with the message, and does not take that"),
    ],
)
async def test_serving_of_another_kind_is_said_before_anything_listens(given, sentence):
    local = Patter(**LOCAL)
    with pytest.raises(ConfigError, match=sentence):
        await local.serve(agent=local.agent(), **given)


@pytest.mark.parametrize(
    "address",
    ["localhost:8000", "ws://localhost:80x0", "ws://localhost:99999", "ws://[::1", "ws://..", "ws://h/?a=1"],
)
def test_an_address_that_cannot_be_one_is_said(address):
    with pytest.raises(ConfigError, match="backend_url is an address such as wss://host"):
        Patter("pt_x", backend_url=address)


def test_what_is_put_behind_an_address_may_stand_there_already():
    options = resolve_options(
        api_key="pt_x",
        backend_url="https://patter.example/base/ws/sdk/",
        rest_url="https://patter.example/base/api/v1",
        mode=None,
    )
    assert isinstance(options, CloudOptions)
    assert options.backend_url == "wss://patter.example/base"
    assert options.rest_url == "https://patter.example/base"


TWILIO = {"provider": "twilio", "provider_key": "AC1", "provider_secret": "t", "number": "+14155550000"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"on_message": lambda: "hi"}, "on_message is called with the message, and does not take that"),
        ({"on_message": lambda msg, call, mood: "hi"}, "the message and the call, .* argument: 'mood'"),
        ({"on_message": lambda msg, *, mood: "hi"}, "on_message is called with the message, .* 'mood'"),
        ({"on_call_end": lambda: None}, "on_call_end is called with one argument, a dict, and does not take"),
        ({**TWILIO, "provider": "vonage"}, "provider is 'twilio' or 'telnyx', not 'vonage'."),
        ({**TWILIO, "provider_secret": " "}, "provider='twilio' needs provider_secret: the auth token."),
        ({**TWILIO, "provider": "telnyx"}, "provider='telnyx' needs connection_id"),
        ({**TWILIO, "stt": "deepgram"}, "stt is what Patter.deepgram"),
        ({**TWILIO, "provider": None}, "provider_key belongs to a carrier account: give provider="),
        ({"stt": Patter.deepgram("dg")}, "stt belongs to a carrier account: give provider="),
    ],
)
async def test_connecting_in_a_way_that_cannot_work_is_said_before_anybody_is_asked(phone, given, sentence):
    with pytest.raises(ConfigError, match=sentence):
        await phone.connect(**given)
