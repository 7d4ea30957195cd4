"""Whoever knocks has to prove that they are the carrier; whoever cannot changes nothing."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from patter.simulators.script import HangUp, Wait
from patter.simulators.twilio.faults import Faults

FORM = {"AccountSid": "AC00000000000000000000000000000001", "CallSid": "CA1", "From": "+1", "To": "+2"}
TOKEN = "0123456789abcdef"


@pytest.fixture
async def serving(world, pipeline):
    phone, starts = world.phone(), []
    agent = pipeline(phone, first_message="Hello!")
    await world.serve(phone, agent, on_message=lambda msg: "Yes.", on_call_start=starts.append)
    world.starts = starts
    return world


async def post(world, door, form, token=TOKEN):
    return await world.webhook(door, form, token=token)


def start_frame(call_sid="CA1", token="", account="AC00000000000000000000000000000001"):
    return json.dumps(
        {
            "event": "start",
            "streamSid": "MZ1",
            "start": {
                "streamSid": "MZ1",
                "callSid": call_sid,
                "accountSid": account,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": {"token": token},
            },
        }
    )


async def closed_with(world, call_id, *frames, **headers):
    """How the server closes a media socket after these frames."""
    url = f"ws{world.base_url.removeprefix('http')}/media/twilio/{call_id}"
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        for frame in frames:
            await socket.send(frame)
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(15):
                while True:
                    await socket.recv()
    return closed.value.rcvd.code, closed.value.rcvd.reason


def token_in(document):
    return document.split('name="token" value="')[1].split('"')[0]


def call_id_in(document):
    return document.split("/media/twilio/")[1].split('"')[0]


@pytest.mark.parametrize("door", ["voice", "status", "resume", "amd", "stream-status"])
async def test_a_forged_webhook_is_refused_at_every_door(serving, door):
    answer = await post(serving, door, FORM, token="another key")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "signature_invalid"
    async with httpx.AsyncClient() as client:
        bare = await client.post(f"{serving.base_url}/webhooks/twilio/{door}", data=FORM)
        assert bare.status_code == 403


async def test_another_account_and_a_form_that_is_too_large_are_refused(serving):
    assert (await post(serving, "voice", {**FORM, "AccountSid": "AC2"})).status_code == 403
    assert (await post(serving, "voice", {**FORM, "More": "x" * 70_000})).status_code == 403


async def test_the_media_socket_wants_the_calls_newest_token_once(serving):
    first = (await post(serving, "voice", FORM)).text
    call_id = call_id_in(first)
    second = (await post(serving, "voice", FORM)).text
    assert call_id_in(second) == call_id, "the same call, asked about twice"
    old, new = token_in(first), token_in(second)
    assert await closed_with(serving, call_id, start_frame()) == (1008, "used")
    assert await closed_with(serving, call_id, start_frame(token=old)) == (1008, "used")
    assert await closed_with(serving, call_id, start_frame("CA9", new)) == (1008, "wrong_carrier_call")
    assert await closed_with(serving, call_id, start_frame(token=new, account="AC9")) == (
        1008,
        "wrong_account",
    )
    assert await closed_with(serving, "call_unknown", start_frame(token=new)) == (1008, "unknown_call")
    assert await closed_with(serving, call_id, *["nonsense"] * 20) == (1008, "no_start")
    assert serving.starts == []
    assert serving.ears.sessions == [], "nothing is contacted before the token was proven"

    url = f"ws{serving.base_url.removeprefix('http')}/media/twilio/{call_id}"
    async with connect(url, proxy=None) as socket:
        await socket.send(start_frame(token=new))
        assert json.loads(await socket.recv())["event"] == "media"
        assert await closed_with(serving, call_id, start_frame(token=new)) == (1008, "used")


async def test_a_forged_upgrade_is_refused(serving):
    url = f"ws{serving.base_url.removeprefix('http')}/media/twilio/call_1"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, additional_headers={"X-Twilio-Signature": "no"}, proxy=None):
            pass
    assert refused.value.response.status_code == 403


async def test_a_carrier_that_never_opens_the_socket_is_not_asked_for_ever(serving):
    documents = [(await post(serving, "voice", FORM)).text for _ in range(6)]
    assert all("<Stream" in document for document in documents[:5])
    assert "<Hangup" in documents[5]


async def test_unknown_calls_and_late_reports_are_harmless(serving):
    for door in ("status", "amd", "stream-status"):
        assert (await post(serving, door, {**FORM, "CallStatus": "completed"})).status_code == 204
    assert "<Hangup" in (await post(serving, "resume", FORM)).text
    assert "<Hangup" in (await post(serving, "voice?call=call_unknown", FORM)).text


async def test_a_caller_who_hangs_up_before_media_ends_the_call(serving):
    await post(serving, "voice", FORM)
    for _ in range(2):
        answer = await post(serving, "status", {**FORM, "CallStatus": "completed"})
        assert answer.status_code == 204
    assert "<Hangup" in (await post(serving, "voice", FORM)).text, "told once more it is no new call"
    document = (await post(serving, "voice", {**FORM, "CallSid": "CA2"})).text
    assert "<Stream" in document


@pytest.mark.parametrize(
    "fault",
    ["forged_webhook", "duplicate_webhook", "replayed_webhook", "media_before_start", "garbage_text",
     "binary_frame", "lose_socket_at_ms", "marks_never_echoed", "no_status_callbacks"],
)  # fmt: skip
async def test_what_goes_wrong_at_the_carrier_harms_no_call(serving, fault):
    value = 800 if fault.endswith("_ms") else True
    call = await serving.ring(Wait(1500), HangUp(), faults=Faults(**{fault: value}))
    assert call.cause
    assert call.of_kind("agent_started")
    assert len(serving.starts) == 1
    assert call.trouble_codes in ([], [31921])
