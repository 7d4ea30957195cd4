"""What stands in the logs of a call, at the most talkative level there is: no key, number, digit or word."""

from __future__ import annotations

import logging

import pytest

from patter import Patter
from patter.simulators.openai.hearing import Scripted
from patter.simulators.script import Digits, HangUp, Say, Wait

from .at_telnyx import KEY, phone_of
from .conftest import AUTH_TOKEN, CALLER, NUMBER

ASKED, REPLY = "what are your hours", "Nine to five."
DIGITS = "4711"
OURS = ("patter", "httpx", "httpcore", "uvicorn", "asyncio")
"""What of the loggers is ours; what plays the carrier and writes with ``websockets`` is not."""


def secrets_of(world) -> list[str]:
    keys = [world.ears.api_key, world.voice.api_key, world.model.api_key, AUTH_TOKEN, KEY]
    numbers = [number.lstrip("+") for number in (NUMBER, CALLER)]
    return [*keys, *numbers, "your hours", "Nine to", '"digit"']


@pytest.fixture
def every_log(caplog):
    with caplog.at_level(logging.DEBUG):
        yield caplog


def agent_of(world, phone, mode):
    if mode == "pipeline":
        keys = {"stt": Patter.deepgram(world.ears.api_key), "tts": Patter.elevenlabs(world.voice.api_key)}
        return phone.agent(first_message="Hello there.", **keys)
    if mode == "realtime":
        world.model.hear = Scripted([ASKED])
        return phone.agent(first_message="Hello there.")
    world.voice.convai.ways.utterances = [ASKED]
    return phone.agent(first_message="Hello there.", convai_agent_id=world.voice.convai.add_agent())


@pytest.mark.parametrize(
    ("carrier", "mode"),
    [("twilio", "pipeline"), ("telnyx", "pipeline"), ("twilio", "realtime"), ("telnyx", "convai")],
)
async def test_a_call_tells_its_logs_nothing_of_what_is_said_in_it(world, telnyx, every_log, carrier, mode):
    at_telnyx, digits, asked = carrier == "telnyx", [], []
    phone = phone_of(world) if at_telnyx else world.phone()

    async def on_message(msg):
        asked.append(msg.text)
        return REPLY

    note = lambda data: digits.append(data["digit"])  # noqa: E731
    await world.serve(phone, agent_of(world, phone, mode), on_message=on_message, on_dtmf=note, replace=True)
    steps = [Say(ASKED), Wait(1500), Digits(DIGITS), Wait(1000), HangUp()]
    leg = await (telnyx if at_telnyx else world.twilio).dial_in(NUMBER, CALLER, steps)
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    assert asked[0] == ASKED and digits == list(DIGITS)
    lines = [line.getMessage() for line in every_log.records if line.name.startswith(OURS)]
    assert [line for line in lines for secret in secrets_of(world) if secret in line] == []
