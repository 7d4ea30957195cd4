"""Tokens of media sockets: each opens one call, once."""

from __future__ import annotations

import base64

import pytest
from websockets.exceptions import InvalidStatus

from patter.carriers.twilio.signature import HEADER
from patter.simulators.twilio.world import new_sid
from tests.system.doors.scenario import scenario
from tests.system.line import dial, post, ring, tell_status
from tests.system.tenant import Tenant


async def refused(tenant: Tenant, reason: str, *, token: str | None = None, **start: str) -> None:
    """A stream that is closed with a reason, and leaves its call as it was."""
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.start(ringing, token, **start)
    assert await line.closed() == (1008, reason)
    assert (await tenant.get(f"calls/{ringing.call_id}"))["status"] == "ringing"
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)


@scenario
async def no_token(tenant: Tenant):
    await refused(tenant, "missing_token", token="")


@scenario
async def wrong_token(tenant: Tenant):
    await refused(tenant, "malformed", token="a" * 20)
    forged = base64.urlsafe_b64encode(b"\x00" * 20 + b"call_x.1.99999999999").decode().rstrip("=")
    await refused(tenant, "forged", token=forged)


@scenario
async def token_of_another_call(tenant: Tenant):
    other = await ring(tenant)
    await refused(tenant, "wrong_call", token=other.token)
    await tell_status(tenant, other.sid, "completed", CallDuration="0")


@scenario
async def token_for_another_carrier_call(tenant: Tenant):
    await refused(tenant, "wrong_carrier_call", callSid=new_sid("CA"))
    await refused(tenant, "wrong_account", accountSid="AC" + "0" * 32)


@scenario
async def token_used_again(tenant: Tenant):
    ringing = await ring(tenant)
    first = await dial(ringing.url)
    await first.start(ringing)
    assert (await first.hears())["event"] == "media"
    second = await dial(ringing.url)
    await second.start(ringing)
    assert await second.closed() == (1008, "used")
    await first.send("mark", {"name": "still here"})
    await first.hang_up()
    assert (await tenant.settled(ringing.call_id))["end_reason"] == "caller_hung_up"


@scenario
async def token_of_an_ended_call(tenant: Tenant):
    ringing = await ring(tenant)
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)
    line = await dial(ringing.url)
    await line.start(ringing)
    assert await line.closed() == (1008, "used")


@scenario
async def media_socket_of_no_call(tenant: Tenant):
    line = await dial(f"{tenant.platform.sockets}/media/twilio/call_unknown")
    await line.socket.send('{"event":"connected"}')
    ringing = await ring(tenant)
    await line.start(ringing)
    assert await line.closed() == (1008, "wrong_call")
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")


@scenario
async def forged_upgrade(tenant: Tenant):
    ringing = await ring(tenant)
    with pytest.raises(InvalidStatus) as refusal:
        await dial(ringing.url, **{HEADER: "forged"})
    assert refusal.value.response.status_code == 403
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)


@scenario
async def newest_socket_wins(tenant: Tenant):
    ringing = await ring(tenant)
    first = await dial(ringing.url)
    await first.start(ringing)
    assert (await first.hears())["event"] == "media"
    again = await post(tenant, ringing.resume_url, {"CallSid": ringing.sid})
    newer = type(ringing)(tenant, ringing.sid, again)
    second = await dial(newer.url)
    await second.start(newer)
    assert await first.closed() == (1000, "")
    await second.hang_up()
    row = await tenant.settled(ringing.call_id)
    assert row["end_reason"] == "caller_hung_up"
    kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
    assert kinds.count("leg.replaced") == 1
    repeated = await post(tenant, ringing.resume_url, {"CallSid": ringing.sid})
    assert "<Hangup" in repeated.text


@scenario
async def repeated_voice_webhook_of_a_live_call(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.start(ringing)
    await line.hears()
    again = await ring(tenant, ringing.sid)
    assert again.stream is None and "<Hangup" in again.answer.text
    await line.hang_up()
    await tenant.settled(ringing.call_id)
