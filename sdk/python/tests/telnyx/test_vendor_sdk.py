"""The vendor's own package works against the simulator as it does against Telnyx."""

import asyncio

import pytest
import telnyx
from telnyx import AsyncTelnyx

from patter.simulators.script import HangUp
from patter.simulators.telnyx import Phone
from sdk.python.tests.telnyx.conftest import ADA, API_KEY, CONNECTION, OUR


@pytest.fixture
async def client(sim):
    async with AsyncTelnyx(api_key=API_KEY, base_url=f"{sim.base_url}/v2", max_retries=0) as client:
        yield client


async def test_a_call_out_with_every_command(sim, client):
    sim.add_phone(Phone(ADA, steps=(HangUp(at_ms=60_000),)))
    dialled = await client.calls.dial(connection_id=CONNECTION, to=ADA, from_=OUR, command_id="d1")
    assert dialled.data.is_alive is False
    leg = sim.calls[dialled.data.call_control_id]
    await asyncio.wait_for(leg.answered.wait(), 5)
    do, one = client.calls.actions, leg.id
    assert (await do.speak(one, payload="Hello", voice="female", language="en-US")).data.result == "ok"
    assert (await do.send_dtmf(one, digits="1w2")).data.result == "ok"
    assert (await do.start_recording(one, channels="dual", format="wav")).data.result == "ok"
    assert (await do.start_playback(one, audio_url="https://x/y.wav")).data.result == "ok"
    assert (await do.stop_playback(one)).data.result == "ok"
    assert (await client.calls.retrieve_status(one)).data.is_alive
    assert (await do.hangup(one)).data.result == "ok"
    with pytest.raises(telnyx.UnprocessableEntityError) as over:
        await do.hangup(one)
    assert over.value.body["errors"][0]["code"] == "90018"


async def test_the_same_command_again_is_ignored(sim, client):
    sim.add_phone(Phone(ADA))
    dialled = await client.calls.dial(connection_id=CONNECTION, to=ADA, from_=OUR, command_id="d1")
    await client.calls.dial(connection_id=CONNECTION, to=ADA, from_=OUR, command_id="d1")
    assert len(sim.calls) == 1
    leg = sim.calls[dialled.data.call_control_id]
    await asyncio.wait_for(leg.answered.wait(), 5)
    for _ in range(2):
        await client.calls.actions.send_dtmf(leg.id, digits="1", command_id="k1")
    assert len(leg.of_kind("carrier_pressed")) == 1


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("speak", {"payload": "Hello", "voice": "female"}, "90034"),
        ("send_dtmf", {"digits": "1"}, "90034"),
        ("start_streaming", {"stream_url": "wss://x"}, "90034"),
        ("answer", {}, "90102"),
        ("hangup", {"client_state": "not base64!"}, "90017"),
        ("reject", {"cause": "NEVER"}, "10032"),
        ("hangup", {"extra_body": {"colour": "red"}}, "10015"),
    ],
)
async def test_what_a_call_cannot_do_yet(sim, client, name, given, code):
    sim.add_phone(Phone(ADA, answer_after_s=30))
    dialled = await client.calls.dial(connection_id=CONNECTION, to=ADA, from_=OUR)
    with pytest.raises(telnyx.APIStatusError) as refused:
        await getattr(client.calls.actions, name)(dialled.data.call_control_id, **given)
    assert refused.value.body["errors"][0]["code"] == code


async def test_errors_are_the_vendors_errors(sim, client):
    with pytest.raises(telnyx.NotFoundError):
        await client.calls.actions.hangup("v3:nobody")
    with pytest.raises(telnyx.PermissionDeniedError):
        await client.calls.dial(connection_id=CONNECTION, to="+33123456789", from_=OUR)
    async with AsyncTelnyx(api_key="wrong", base_url=f"{sim.base_url}/v2", max_retries=0) as stranger:
        with pytest.raises(telnyx.AuthenticationError):
            await stranger.calls.dial(connection_id=CONNECTION, to=ADA, from_=OUR)
    sim.world.refuse_next_requests = 1
    with pytest.raises(telnyx.RateLimitError):
        await client.calls.dial(connection_id=CONNECTION, to=ADA, from_=OUR)


async def test_numbers_and_applications(sim, client):
    page = await client.phone_numbers.list(filter={"phone_number": OUR})
    assert [number.phone_number for number in page.data] == [OUR]
    application = (await client.call_control_applications.retrieve(CONNECTION)).data
    assert application.outbound.outbound_voice_profile_id
    changed = await client.call_control_applications.update(
        CONNECTION, application_name="Ours", webhook_event_url="https://patter.test/x"
    )
    assert changed.data.webhook_event_url == "https://patter.test/x"
