"""The number's webhook address: set where it is free, asked about where it is somebody else's."""

from __future__ import annotations

import logging
import sys

import pytest

from patter import ConfigError, Patter

from .keyboard import END, keyboard


async def serve(world, pipeline, **options):
    phone = world.phone()
    serving = await world.serve(phone, pipeline(phone), on_message=lambda msg: None, **options)
    await phone.disconnect()
    await serving


def number_of(world):
    return world.twilio.world.numbers["+15550001111"]


@pytest.mark.parametrize("before", ["", "https://demo.twilio.com/welcome/voice/"])
async def test_a_free_number_is_sent_here(world, pipeline, before):
    number_of(world).voice_url = before
    await serve(world, pipeline)
    assert number_of(world).voice_url == f"{world.base_url}/webhooks/twilio/voice"
    assert number_of(world).status_callback == f"{world.base_url}/webhooks/twilio/status"


async def test_somebody_elses_number_is_left_alone_and_said(world, pipeline, caplog, monkeypatch):
    monkeypatch.setattr(sys, "stdin", NoTerminal())
    number_of(world).voice_url = "https://elsewhere.example/voice"
    with caplog.at_level(logging.WARNING, "patter"):
        await serve(world, pipeline)
    assert number_of(world).voice_url == "https://elsewhere.example/voice"
    assert "serve(replace=True)" in caplog.text
    await serve(world, pipeline, replace=True)
    assert number_of(world).voice_url == f"{world.base_url}/webhooks/twilio/voice"


class NoTerminal:
    def isatty(self):
        return False


@pytest.mark.parametrize(
    ("typed", "replaced"), [("y\n", True), (" Yes \n", True), ("\n", False), ("n\n", False), (END, False)]
)
async def test_in_a_terminal_it_is_asked(world, pipeline, monkeypatch, capsys, typed, replaced):
    number_of(world).voice_url = "https://elsewhere.example/voice"
    with keyboard(monkeypatch) as hands:
        hands.type(typed)
        await serve(world, pipeline)
    assert (number_of(world).voice_url != "https://elsewhere.example/voice") is replaced
    assert capsys.readouterr().out == (
        "Calls to +15550001111 now go to https://elsewhere.example/voice. Send them here instead? [y/N] "
    )


async def test_an_address_that_is_ours_already_is_no_question(world, pipeline, monkeypatch, capsys):
    await serve(world, pipeline)
    with keyboard(monkeypatch):
        await serve(world, pipeline)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "wrong", [{"twilio_token": "wrong"}, {"twilio_sid": "AC9"}, {"phone_number": "+15559998888"}]
)
async def test_wrong_keys_and_numbers_are_said_before_anybody_calls(world, pipeline, wrong):
    phone = world.phone(**wrong)
    with pytest.raises(ConfigError, match="Check twilio_sid"):
        await world.serve(phone, pipeline(phone), on_message=lambda msg: None)


async def test_a_carrier_that_is_away_is_only_said(world, pipeline, caplog, monkeypatch):
    monkeypatch.setenv("PATTER_TWILIO_BASE_URL", "http://127.0.0.1:9")
    await serve(world, pipeline)
    assert "The number could not be set up" in caplog.text


async def test_a_model_that_ends_is_named_before_anybody_calls(world, pipeline, caplog):
    voice = Patter.openai_tts(api_key=world.model.api_key, voice="marin")
    phone = world.phone()
    with caplog.at_level(logging.WARNING, "patter"):
        serving = await world.serve(phone, pipeline(phone, tts=voice), on_message=lambda msg: None)
        await phone.disconnect()
        await serving
    assert "openai gpt-4o-mini-tts end" in caplog.text
