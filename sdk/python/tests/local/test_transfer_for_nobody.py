"""The caller leaves before the carrier says how the human's leg is called: it is let go all the same."""

from __future__ import annotations

import pytest

from patter.simulators.fault_plan import Fault
from patter.simulators.script import HangUp, Say, Wait
from patter.simulators.telnyx import Phone as TelnyxPhone
from patter.simulators.twilio import Phone as TwilioPhone

from .at_telnyx import phone_of

NUMBER, CALLER, SALES = "+15550001111", "+15550002222", "+15550170000"
STEPS = (Say("what are your hours", patience_ms=200), Wait(1500), HangUp())
TARGET = {"name": "sales", "number": SALES, "kind": "warm", "ring_s": 30}


@pytest.mark.parametrize("carrier", ["twilio", "telnyx"])
async def test_nobody_is_kept_on_a_line_without_a_caller(world, telnyx, pipeline, carrier):
    kind, sim = (TelnyxPhone, telnyx) if carrier == "telnyx" else (TwilioPhone, world.twilio)
    sim.add_phone(kind(SALES, answer_after_s=6))
    sim.world.rest_faults.add("dial", Fault(late_s=20))
    phone, ends = phone_of(world) if carrier == "telnyx" else world.phone(), []

    async def transfers(msg, call):
        await call.transfer("sales", summary="Ada wants a price.")

    agent = pipeline(phone, transfer_targets=[TARGET])
    await world.serve(phone, agent, on_message=transfers, on_call_end=ends.append)
    caller = await sim.dial_in(NUMBER, CALLER, STEPS)
    await caller.ended(60)
    [human] = [leg for leg in sim.calls.values() if leg is not caller]
    await human.ended(20)
    assert human.cause == "application_hung_up"
    await phone.disconnect()
    await world.close()
    assert [end["reason"] for end in ends] == ["caller_hung_up"]
