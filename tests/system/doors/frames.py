"""Frames of the media socket that nobody asked for."""

from __future__ import annotations

import time

from patter.simulators.twilio.faults import Faults
from tests.system.doors.scenario import scenario
from tests.system.line import dial, ring, tell_status
from tests.system.steps import BOOK, BYE, LISTEN
from tests.system.tenant import Tenant


async def survives(tenant: Tenant, faults: Faults, *reasons: str) -> None:
    """The call goes on; what was wrong stands in its timeline."""
    call = await (await tenant.ring([BOOK, BYE, LISTEN], faults=faults)).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "agent_ended"
    events = await tenant.timeline(row["id"])
    noted = [event["data"]["reason"] for event in events if event["kind"] == "frame.rejected"]
    assert noted == list(reasons)


@scenario
async def frames_before_start(tenant: Tenant):
    await survives(tenant, Faults(media_before_start=True), "timestamp is not a whole number")


@scenario
async def well_formed_frame_before_start(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    media = {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": "fn5+fn5+"}
    await line.send("media", media)
    await line.start(ringing)
    await line.hears()
    await line.hang_up()
    row = await tenant.settled(ringing.call_id)
    events = await tenant.timeline(row["id"])
    assert [event["data"] for event in events if event["kind"] == "frame.rejected"] == [
        {"reason": "media before start"}
    ]


@scenario
async def garbage(tenant: Tenant):
    await survives(tenant, Faults(garbage_text=True), "not JSON")


@scenario
async def binary(tenant: Tenant):
    await survives(tenant, Faults(binary_frame=True), "binary frame")


@scenario
async def a_frame_of_1_mb(tenant: Tenant):
    await survives(tenant, Faults(huge_frame=True), "frame over 64 kB")


@scenario
async def no_start(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
    began = time.monotonic()
    assert await line.closed(40) == (1008, "no_start")
    assert time.monotonic() - began > 9
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)


@scenario
async def nothing_but_nonsense(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    for _ in range(25):
        await line.socket.send("{")
    assert await line.closed() == (1008, "no_start")
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)


@scenario
async def second_start(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.start(ringing)
    assert (await line.hears())["event"] == "media"
    await line.start(ringing)
    await line.hang_up()
    row = await tenant.settled(ringing.call_id)
    assert row["end_reason"] == "caller_hung_up"
    events = await tenant.timeline(row["id"])
    reasons = [event["data"]["reason"] for event in events if event["kind"] == "frame.rejected"]
    assert reasons == ["second start"]
