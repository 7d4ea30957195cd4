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
MESSAGE = "Please call us."
REPLY = "It is about your order."
STEPS = (Say("a" * 60, patience_ms=200), Wait(3500), Say("b" * 20), Wait(2500), HangUp())


# To the carrier the service sounds like a machine, before its question is understood.
SOUNDS_LIKE_ONE = {
    "telnyx": TelnyxPhone(CALLEE, machine="screening", machine_after_s=1.0, steps=STEPS),
    "twilio": TwilioPhone(CALLEE, answered_by="machine", detected_after_s=1.0, steps=STEPS),
}
NOT_JUDGED = {"telnyx": TelnyxPhone(CALLEE, steps=STEPS), "twilio": TwilioPhone(CALLEE, steps=STEPS)}


@pytest.mark.parametrize("carrier", ["twilio", "telnyx"])
@pytest.mark.parametrize(
    ("asked", "phones", "wish"),
    [(IOS, SOUNDS_LIKE_ONE, {"on_machine": "hang_up"}), (GOOGLE, NOT_JUDGED, {"voicemail_message": MESSAGE})],
    ids=["ios", "google"],
)
async def test_it_is_told_who_calls_and_the_human_is_answered(
    world, telnyx, pipeline, carrier, asked, phones, wish
):
    """By its words, as on a carrier that does not tell: the human is not taken for a machine afterwards."""
    world.ears.utterances = [asked, HUMAN]
    if carrier == "telnyx":
        telnyx.add_phone(phones[carrier])
        phone = phone_of(world)
    else:
        world.twilio.add_phone(phones[carrier])
        phone = world.phone()
    told = []
    await world.serve(phone, pipeline(phone), on_message=lambda msg: REPLY, on_machine_detection=told.append)
    call = await phone.call(CALLEE, first_message=INTRODUCTION, machine_detection=True, **wish)
    end = await call.ended
    assert end["reason"] == "caller_hung_up"
    turns = [(turn["role"], turn["text"]) for turn in call.history]
    assert turns[-3:] == [("assistant", INTRODUCTION), ("user", HUMAN), ("assistant", REPLY)]
    assert ("assistant", MESSAGE) not in turns
    kinds = [data["kind"] for data in told]
    assert "machine.introduce" in kinds
    assert {data["result"] for data in told if data["kind"] == "machine.introduce"} == {"screening"}
    assert ("machine.hush" in kinds) == (phones is SOUNDS_LIKE_ONE)
