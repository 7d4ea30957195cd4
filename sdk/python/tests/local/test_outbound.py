"""``call()`` dials through the served number, and says what became of it."""

from __future__ import annotations

import asyncio

import pytest

from patter import CarrierError, ConfigError
from patter.simulators.script import HangUp, Listen, Say, Wait
from patter.simulators.twilio.world import Phone

CALLEE = "+14155551234"


async def handler(msg):
    return "It is tomorrow at nine."


@pytest.mark.supports("a call out", mode="pipeline", reply_by="handler")
async def test_the_callee_hears_the_first_message_and_the_handler(world, pipeline):
    world.twilio.add_phone(Phone(CALLEE, steps=(Say("what are your hours"), Wait(2200), HangUp())))
    phone, statuses, starts = world.phone(), [], []
    agent = pipeline(phone, first_message="Hi {name}!")
    await world.serve(
        phone,
        agent,
        on_message=handler,
        on_call_start=starts.append,
        on_call_status=lambda data: statuses.append(data["status"]),
    )
    call = await phone.call(
        to=CALLEE, variables={"name": "Ada"}, custom_params={"order": 7}, metadata={"crm": 1}
    )
    assert call.status == "dialling"
    await call.ended
    assert call.reason == "caller_hung_up"
    assert [turn["text"] for turn in call.history] == [
        "Hi Ada!", "what are your hours", "It is tomorrow at nine.",
    ]  # fmt: skip
    assert call.transcript[0]["role"] == "assistant"
    assert call.duration_s > 1
    assert (call.caller, call.callee, call.direction) == ("+15550001111", CALLEE, "outbound")
    await phone.disconnect()
    await world.close()
    assert starts[0]["custom_params"] == {"order": "7"}
    assert starts[0]["metadata"] == {"crm": 1}
    assert statuses == ["dialling", "ringing", "answered"]


@pytest.mark.parametrize(
    ("behaviour", "reason"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")]
)
async def test_nobody_answers(world, pipeline, behaviour, reason):
    world.twilio.add_phone(Phone(CALLEE, behaviour))
    phone, ends = world.phone(), []
    await world.serve(phone, pipeline(phone), on_message=handler, on_call_end=ends.append)
    call = await phone.call(CALLEE, ring_s=5)
    end = await call.ended
    assert call.reason == reason
    assert end["transcript"] == []
    await phone.disconnect()
    await world.close()
    assert [one["reason"] for one in ends] == [reason]


async def test_an_agent_of_its_own_for_one_call(world, pipeline):
    world.twilio.add_phone(Phone(CALLEE, steps=(Wait(1500), HangUp())))
    phone = world.phone()
    await world.serve(phone, pipeline(phone, first_message="Hello."), on_message=handler)
    call = await phone.call(CALLEE, agent=pipeline(phone, first_message="Bonjour."), wait=True)
    assert call.history[0]["text"] == "Bonjour."


async def test_a_call_that_still_rings_can_be_given_up(world, pipeline):
    world.twilio.add_phone(Phone(CALLEE, answer_after_s=20))
    phone = world.phone()
    await world.serve(phone, pipeline(phone), on_message=handler)
    call = await phone.call(CALLEE)
    await call.hang_up()
    assert (await call.ended)["reason"] == "api_hung_up"
    [simulated] = world.twilio.calls.values()
    await simulated.ended()
    assert simulated.status == "canceled"


async def test_a_message_is_left_where_a_machine_answers(world, pipeline):
    world.twilio.add_phone(Phone(CALLEE, answered_by="machine", greeting_s=0.5, steps=(Listen(),)))
    phone, told = world.phone(), []
    await world.serve(phone, pipeline(phone), on_message=handler, on_machine_detection=told.append)
    call = await phone.call(
        CALLEE,
        first_message="Hi, this is Acme.",
        machine_detection=True,
        voicemail_message="Please call us back.",
        wait=True,
    )
    [simulated] = world.twilio.calls.values()
    assert (simulated.answered_by, call.reason) == ("machine", "voicemail")
    assert simulated.trouble_codes == []
    assert call.history[-1] == {"role": "assistant", "text": "Please call us back."}
    await phone.disconnect()
    await world.close()
    assert told[0]["kind"] == "machine.heard" and len(told) > 1
    assert {data["result"] for data in told} == {"machine"}


async def test_the_same_key_places_one_call(world, pipeline):
    world.twilio.add_phone(Phone(CALLEE, steps=(Listen(),)))
    phone = world.phone()
    await world.serve(phone, pipeline(phone), on_message=handler)
    asked = [phone.call(CALLEE, idempotency_key="monday") for _ in range(3)]
    calls = await asyncio.gather(*asked)
    assert len({call.id for call in calls}) == len(world.twilio.calls) == 1
    with pytest.raises(ConfigError, match="to another number"):
        await phone.call("+14155559999", idempotency_key="monday")
    await calls[0].hang_up()
    await calls[0].ended
    assert (await phone.call(CALLEE, idempotency_key="monday")).is_over
    assert (await phone.call(CALLEE, idempotency_key="tuesday")).id != calls[0].id


async def test_a_key_whose_call_was_refused_may_be_used_again(world, pipeline):
    phone = world.phone()
    await world.serve(phone, pipeline(phone), on_message=handler)
    for _ in range(2):
        with pytest.raises(CarrierError):
            await phone.call(CALLEE, from_number="+15558887777", idempotency_key="monday")


async def test_calling_without_serving_says_what_to_do(world):
    with pytest.raises(ConfigError, match="needs serve"):
        await world.phone().call(CALLEE)


async def test_a_number_to_call_from_is_needed(world, pipeline):
    phone = world.phone(phone_number="")
    await world.serve(phone, pipeline(phone), on_message=handler)
    with pytest.raises(ConfigError, match="phone_number"):
        await phone.call(CALLEE)


async def test_what_the_carrier_refuses_is_an_error_and_the_call_ends(world, pipeline):
    phone, ends = world.phone(), []
    await world.serve(phone, pipeline(phone), on_message=handler, on_call_end=ends.append)
    with pytest.raises(CarrierError):
        await phone.call(CALLEE, from_number="+15559999999")
    with pytest.raises(ConfigError, match="custom_params"):
        await phone.call(CALLEE, custom_params={"long": "x" * 500})
    with pytest.raises(ConfigError, match="agent is what"):
        await phone.call(CALLEE, agent="agt_1")
    await phone.disconnect()
    await world.close()
    assert [end["reason"] for end in ends] == ["carrier_error"]
