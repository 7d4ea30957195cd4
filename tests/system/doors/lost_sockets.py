"""Media sockets that break while the call goes on."""

from __future__ import annotations

from patter.simulators.demo import AGENT
from patter.simulators.twilio.faults import Faults
from tests.system.doors.scenario import BOOK, BYE, LISTEN, scenario
from tests.system.line import dial, ring
from tests.system.tenant import Tenant


@scenario
async def lost_socket_is_resumed(tenant: Tenant):
    """One call, one conversation: what was agreed before the loss is known after it."""
    steps = [BOOK, {"say": "tomorrow evening please"}, BYE, LISTEN]
    call = await (await tenant.ring(steps, faults=Faults(lose_socket_at_ms=5500))).ended(40)
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "agent_ended"
    assert len(call.of_kind("stream_started")) > 1
    said = [turn["text"] for turn in await tenant.turns(row["id"]) if turn["role"] == "assistant"]
    assert said.count(AGENT["first_message"]) == 1
    assert "Tomorrow. At what time?" in said
    told = await tenant.told(row["id"])
    assert (told.count("call.started"), told.count("call.ended")) == (1, 1)


@scenario
async def lost_socket_without_another(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.start(ringing)
    await line.hears()
    line.socket.transport.abort()
    row = await tenant.settled(ringing.call_id, 20)
    assert (row["status"], row["end_reason"]) == ("failed", "carrier_error")
    kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
    assert "leg.lost" in kinds
