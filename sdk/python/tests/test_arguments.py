"""What the public methods are told: as the README writes it, and what they say where it cannot work."""

from __future__ import annotations

import pytest

from patter import ConfigError, Patter

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
    ],
)
async def test_serving_of_another_kind_is_said_before_anything_listens(given, sentence):
    local = Patter(**LOCAL)
    with pytest.raises(ConfigError, match=sentence):
        await local.serve(agent=local.agent(), **given)
