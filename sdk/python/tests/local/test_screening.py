"""A service of the callee's phone asks who is calling, and is told; then the human comes on."""

from __future__ import annotations

import pytest

from patter.simulators.script import HangUp, Say, Wait
from patter.simulators.telnyx import Phone as TelnyxPhone
from patter.simulators.twilio import Phone as TwilioPhone

from .at_telnyx import CALLEE, phone_of

IOS = "If you record your name and reason for calling, I'll see if this person is available."
GOOGLE = (
    "The person you're calling is using a screening service. Please say your name and why you are calling."
)
HUMAN = "hello who is this"
INTRODUCTION = "This is Acme, about your order."
REPLY = "It is about your order."
STEPS = (Say("a" * 60, patience_ms=200), Wait(3500), Say("b" * 20), Wait(2500), HangUp())


@pytest.mark.parametrize("carrier", ["twilio", "telnyx"])
@pytest.mark.parametrize("asked", [IOS, GOOGLE], ids=["ios", "google"])
async def test_it_is_told_who_calls_and_the_human_is_answered(world, telnyx, pipeline, carrier, asked):
    """By its words, as on a carrier that does not tell: the human is not taken for a machine afterwards."""
    world.ears.utterances = [asked, HUMAN]
    if carrier == "telnyx":
        telnyx.add_phone(TelnyxPhone(CALLEE, steps=STEPS))
        phone = phone_of(world)
    else:
        world.twilio.add_phone(TwilioPhone(CALLEE, steps=STEPS))
        phone = world.phone()
    told = []
    await world.serve(phone, pipeline(phone), on_message=lambda msg: REPLY, on_machine_detection=told.append)
    call = await phone.call(
        CALLEE, first_message=INTRODUCTION, machine_detection=True, voicemail_message="Please call us."
    )
    end = await call.ended
    assert end["reason"] == "caller_hung_up"
    turns = [(turn["role"], turn["text"]) for turn in call.history]
    assert turns[-3:] == [("assistant", INTRODUCTION), ("user", HUMAN), ("assistant", REPLY)]
    assert ("assistant", "Please call us.") not in turns
    screened = [data for data in told if data["kind"] == "machine.introduce"]
    assert screened and screened[0]["by"] == "words"
