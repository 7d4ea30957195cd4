"""Media sockets that break while the call goes on."""

from __future__ import annotations

from patter.simulators.demo import AGENT
from tests.system.doors.scenario import scenario
from tests.system.line import dial, ring
from tests.system.steps import BOOK, BYE, LISTEN, answered, say
from tests.system.tenant import Tenant


@scenario
async def lost_socket_is_resumed(tenant: Tenant):
    """One call, one conversation: what was agreed before the loss is known after it."""
    call = await tenant.ring([BOOK, {"wait_s": 4}, say("tomorrow evening please"), BYE, LISTEN])
    await answered(call)
    assert call.stream is not None
    call.stream.lose()
    await call.ended()
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
    row = await tenant.settled(ringing.call_id)
    assert (row["status"], row["end_reason"]) == ("failed", "carrier_error")
    kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
    assert "leg.lost" in kinds
