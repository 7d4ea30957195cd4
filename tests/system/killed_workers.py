"""The process that dials is killed: whatever the carrier did with its request, nobody is phoned twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from patter.simulators.fault_plan import Fault
from patter.simulators.script import HangUp, Wait
from patter.simulators.telnyx import Phone as TelnyxPhone
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.twilio import Phone as TwilioPhone
from patter.simulators.twilio import TwilioSimulator
from tests.system.telnyx import TelnyxTenant
from tests.system.tenant import Tenant
from tests.system.world import World

ADA, BEN = "+12025550142", "+12025550143"
RINGS_S = 2.0
STEPS = (Wait(1500), HangUp())
PATIENCE_S = 40.0


async def a_worker_is_killed_in_mid_dial(world: World, ada: Tenant, telnyx: TelnyxSimulator) -> None:
    """Both carriers took the request, and their answers are never heard; both phones ring meanwhile."""
    ben = await TelnyxTenant(world.platform, telnyx, "sol").set_up()
    world.tenants.append(ben)
    world.simulator.add_phone(TwilioPhone(ADA, answer_after_s=RINGS_S, steps=STEPS))
    telnyx.add_phone(TelnyxPhone(BEN, answer_after_s=RINGS_S, steps=STEPS))
    for simulator in (world.simulator, telnyx):
        simulator.world.rest_faults.add("dial", Fault(silent=True))
    calls = [
        (tenant, (await tenant.post("calls", {"to": to}))["id"]) for tenant, to in ((ada, ADA), (ben, BEN))
    ]
    await _until(lambda: _calls_to(world.simulator, ADA) and _calls_to(telnyx, BEN))
    await world.platform.kill_part("worker")
    world.platform.start_worker()
    for tenant, call_id in calls:
        await _was_called_once(tenant, call_id)
    assert _calls_to(world.simulator, ADA) == _calls_to(telnyx, BEN) == 1


async def _was_called_once(tenant: Tenant, call_id: str) -> None:
    row = await tenant.settled(call_id, PATIENCE_S)
    assert (row["status"], row["outcome"], row["end_reason"]) == ("completed", "human", "caller_hung_up")
    assert row["carrier_call_id"]
    kinds = [event["kind"] for event in await tenant.timeline(call_id)]
    assert kinds.count("dial.sent") == 1
    assert "dial.accepted" not in kinds  # nobody was left who could hear it
    told = await tenant.told(call_id)
    assert (told.count("call.ended"), told.count("call.failed")) == (1, 0)


def _calls_to(simulator: TwilioSimulator | TelnyxSimulator, number: str) -> int:
    return [call.order.to for call in simulator.calls.values()].count(number)


async def _until(is_true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.02)
