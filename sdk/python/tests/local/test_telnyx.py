"""Local mode at Telnyx: the same agent, the same callbacks, another carrier."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect

from patter import ConfigError, Patter
from patter.simulators.fault_plan import Fault
from patter.simulators.script import Digits, HangUp, Listen, Say, Wait
from patter.simulators.telnyx import Faults
from patter.simulators.telnyx.world import Phone

from .at_telnyx import CALLEE, CONNECTION, NUMBER, phone_of

ASKS = Say("what are your hours", patience_ms=200)


async def on_message(msg):
    return "We are open from nine to five."


@pytest.mark.supports(
    "greeting", "keys", "several turns", mode="pipeline", reply_by="handler", carrier="telnyx"
)
async def test_a_caller_is_answered(world, telnyx, pipeline):
    phone, ends, digits = phone_of(world), [], []
    await world.serve(
        phone,
        pipeline(phone, first_message="Hello!"),
        on_message=on_message,
        on_call_end=ends.append,
        on_dtmf=lambda data: digits.append(data["digit"]),
    )
    leg = await telnyx.dial_in(
        NUMBER,
        "+15550002222",
        [Say("what are your hours"), Digits("7"), Wait(2500), HangUp()],
        headers={"X-Order": "7"},
    )
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    end = ends[0]
    assert (end["caller"], end["callee"]) == ("+15550002222", NUMBER)
    assert end["custom_params"] == {"X-Order": "7"}
    assert [turn["text"] for turn in end["history"]][:3] == [
        "Hello!", "what are your hours", "We are open from nine to five.",
    ]  # fmt: skip
    assert digits == ["7"]
    assert end["reason"] == "caller_hung_up"


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(cut_after=0)])
async def test_a_command_at_which_telnyx_fails_is_made_again(world, telnyx, pipeline, fault):
    phone, ends = phone_of(world), []
    await world.serve(phone, pipeline(phone, first_message="Hello!"), on_call_end=ends.append)
    for name in ("answer", "streaming_start"):
        telnyx.world.rest_faults.add(f"command.{name}", fault)
    leg = await telnyx.dial_in(NUMBER, "+15550002222", [Wait(4000), HangUp()])
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    assert (ends[0]["reason"], ends[0]["history"][0]["text"]) == ("caller_hung_up", "Hello!")
    assert [fact.data["name"] for fact in leg.of_kind("command")] == ["answer", "streaming_start"]


@pytest.mark.parametrize("faults", [Faults(replayed_webhook=True), Faults(second_socket_at_ms=1500)])
async def test_there_is_one_call_though_it_is_told_again_or_moves_to_another_socket(
    world, telnyx, pipeline, faults
):
    phone, ends = phone_of(world), []
    await world.serve(phone, pipeline(phone), on_message=on_message, on_call_end=ends.append)
    steps = [Wait(2000), Say("what are your hours"), Wait(2500), HangUp()]
    leg = await telnyx.dial_in(NUMBER, "+15550002222", steps, faults=faults)
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    assert [end["reason"] for end in ends] == ["caller_hung_up"]
    assert [turn["text"] for turn in ends[0]["history"]][-2:] == ["what are your hours", await on_message("")]
    assert len(leg.of_kind("application_closed")) == bool(faults.second_socket_at_ms)


async def test_a_socket_that_can_never_be_opened_ends_the_call_for_that_reason(world, telnyx, pipeline):
    phone, ends = phone_of(world), []
    await world.serve(phone, pipeline(phone), on_call_end=ends.append)
    leg = await telnyx.dial_in(NUMBER, "+15550002222", [Listen()], faults=Faults(socket_fails=50))
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    assert (leg.cause, [end["reason"] for end in ends]) == ("application_hung_up", ["carrier_error"])


async def test_a_stranger_with_a_token_that_was_used_does_not_take_over(world, telnyx, pipeline):
    phone = phone_of(world)
    await world.serve(phone, pipeline(phone), on_message=on_message)
    leg = await telnyx.dial_in(NUMBER, "+15550002222", [Wait(4000), HangUp()])
    await leg.reached("stream_started")
    await asyncio.sleep(1)
    stream_format = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
    start = {"call_control_id": leg.id, "user_id": "u", "media_format": stream_format}
    async with connect(leg.streaming.url, proxy=None) as socket:
        start["custom_parameters"] = {"token": leg.streaming.token}
        await socket.send(json.dumps({"event": "start", "stream_id": "s2", "start": start}))
        await asyncio.wait_for(socket.wait_closed(), 20)
    assert (socket.close_code, socket.close_reason) == (1008, "used")
    await leg.ended(40)
    assert leg.cause == "caller_hung_up"


@pytest.mark.supports("a call out", mode="pipeline", reply_by="handler", carrier="telnyx")
@pytest.mark.parametrize(("behaviour", "reason"), [("answer", "caller_hung_up"), ("busy", "busy")])
async def test_a_call_out(world, telnyx, pipeline, behaviour, reason):
    telnyx.add_phone(Phone(CALLEE, behaviour, steps=(ASKS, Wait(2500), HangUp())))
    phone = phone_of(world)
    await world.serve(phone, pipeline(phone, first_message="Hi."), on_message=on_message)
    call = await phone.call(CALLEE, wait=True)
    assert call.reason == reason
    assert bool(call.history) is (behaviour == "answer")


@pytest.mark.supports(
    "keys out", "the agent ends the call", mode="pipeline", reply_by="handler", carrier="telnyx"
)
async def test_a_handler_acts_on_the_call(world, telnyx, pipeline):
    phone, ends = phone_of(world), []

    async def acts(msg, call):
        await call.send_digits("12")
        await call.hang_up()

    await world.serve(phone, pipeline(phone), on_message=acts, on_call_end=ends.append)
    leg = await telnyx.dial_in(NUMBER, "+15550002222", [ASKS, Listen()])
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    assert ends[0]["reason"] == "api_hung_up"


async def test_the_application_is_sent_here_and_forgeries_are_refused(world, telnyx, pipeline):
    phone = phone_of(world)
    await world.serve(phone, pipeline(phone), on_message=on_message)
    assert telnyx.world.applications[CONNECTION].webhook_url == f"{world.base_url}/webhooks/telnyx"
    body = b'{"data": {"id": "e1", "event_type": "call.initiated", "payload": {}}}'
    async with httpx.AsyncClient() as client:
        for headers in ({}, {"Telnyx-Signature-Ed25519": "AAAA", "Telnyx-Timestamp": "1"}):
            answer = await client.post(f"{world.base_url}/webhooks/telnyx", content=body, headers=headers)
            assert answer.status_code == 403


@pytest.mark.supports("a cold transfer", mode="pipeline", reply_by="handler", carrier="telnyx")
@pytest.mark.parametrize("behaviour", ["answer", "busy"])
async def test_a_transfer(world, telnyx, pipeline, behaviour):
    sales = "+15550170000"
    telnyx.add_phone(Phone(sales, behaviour))
    phone, ends = phone_of(world), []

    async def transfers(msg, call):
        await call.transfer("sales")

    agent = pipeline(phone, transfer_targets=[{"name": "sales", "number": sales, "ring_s": 5}])
    await world.serve(phone, agent, on_message=transfers, on_call_end=ends.append)
    leg = await telnyx.dial_in(NUMBER, "+15550002222", [ASKS, Wait(6000), HangUp()])
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    assert ends[0]["reason"] == ("transferred" if behaviour == "answer" else "caller_hung_up")
    if behaviour == "busy":
        assert "I could not reach anyone there." in ends[0]["history"][-1]["text"]


@pytest.mark.supports("a warm transfer", mode="pipeline", reply_by="handler", carrier="telnyx")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"accepts": "1"}, "transferred"),
        ({"accepts": "1", "faults": Faults(no_transcription=True)}, "transferred"),
        ({"steps": (Say("yes please", patience_ms=1000), Listen())}, "transferred"),
        ({"accepts": "2"}, "caller_hung_up"),
    ],
)
async def test_a_warm_transfer_is_taken_or_not(world, telnyx, pipeline, answer, reason):
    """By key, by word, and by key where the account may not have words understood."""
    sales = "+15550170000"
    telnyx.add_phone(Phone(sales, **answer))
    phone, ends = phone_of(world), []

    async def transfers(msg, call):
        await call.transfer("sales", summary="Ada wants a price.")

    target = {"name": "sales", "number": sales, "kind": "warm", "ring_s": 5}
    agent = pipeline(phone, transfer_targets=[target])
    await world.serve(phone, agent, on_message=transfers, on_call_end=ends.append)
    leg = await telnyx.dial_in(NUMBER, "+15550002222", [ASKS, Wait(12000), HangUp()])
    music = await leg.reached("carrier_played", timeout_s=20)
    async with httpx.AsyncClient() as client:
        assert (await client.get(music.data["audio_url"])).content[:4] == b"RIFF"
    if reason == "transferred":
        await leg.reached("bridged", timeout_s=30)
        leg.end("caller_hung_up")
    await leg.ended(60)
    await phone.disconnect()
    await world.close()
    assert ends[0]["reason"] == reason
    [human] = [one for one in telnyx.calls.values() if one.order.to == sales]
    asked = human.of_kind("carrier_said")[0].data["text"]
    assert asked.startswith("Ada wants a price.")
    assert ("say yes" in asked) is not human.order.faults.no_transcription
    assert len(human.of_kind("bridged")) == (reason == "transferred")


@pytest.mark.supports(
    "a message left on an answering machine", mode="pipeline", reply_by="handler", carrier="telnyx"
)
async def test_a_message_is_left_where_a_machine_answers(world, telnyx, pipeline):
    telnyx.add_phone(Phone(CALLEE, machine="machine-beep"))
    phone, told = phone_of(world), []
    await world.serve(phone, pipeline(phone), on_message=on_message, on_machine_detection=told.append)
    call = await phone.call(CALLEE, first_message="Hi.", voicemail_message="Please call us back.")
    assert (await call.ended)["reason"] == "voicemail"
    assert call.history[-1]["text"] == "Please call us back."


async def test_a_service_that_screens_calls_is_told_who_calls_and_why(world, telnyx, pipeline):
    telnyx.add_phone(Phone(CALLEE, machine="screening", machine_after_s=2.5, steps=(Wait(6000), HangUp())))
    phone, told = phone_of(world), []
    await world.serve(phone, pipeline(phone), on_message=on_message, on_machine_detection=told.append)
    call = await phone.call(
        CALLEE, first_message="This is Acme.", machine_detection=True, voicemail_message="Please call us."
    )
    assert (await call.ended)["reason"] == "caller_hung_up"
    assert [turn["text"] for turn in call.history] == ["This is Acme.", "This is Acme."]


@pytest.mark.parametrize("missing", ["telnyx_public_key", "telnyx_connection_id"])
async def test_what_telnyx_needs(world, telnyx, pipeline, missing):
    phone = phone_of(world, **{missing: ""})
    with pytest.raises(ConfigError, match=missing):
        await phone.serve(pipeline(phone), port=world.port, on_message=on_message)


async def test_a_wrong_key_is_said(world, telnyx, pipeline):
    phone = phone_of(world, telnyx_key="KEY9999")
    with pytest.raises(ConfigError, match="telnyx_key"):
        await phone.serve(pipeline(phone), port=world.port, on_message=on_message)


def test_one_carrier_at_a_time():
    with pytest.raises(ConfigError, match="one carrier"):
        Patter(twilio_sid="AC1", twilio_token="t", telnyx_key="KEY1")
