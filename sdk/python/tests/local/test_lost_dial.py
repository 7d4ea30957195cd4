"""The answer to the request to dial is lost: whoever asked is told so, and nobody stays on a line."""

from __future__ import annotations

import pytest

from patter import CarrierError
from patter.simulators.fault_plan import Fault
from patter.simulators.script import Listen
from patter.simulators.telnyx import Phone as TelnyxPhone
from patter.simulators.twilio import Phone as TwilioPhone

from .at_telnyx import CALLEE, phone_of


@pytest.mark.parametrize("carrier", ["twilio", "telnyx"])
async def test_the_callee_is_let_go(world, telnyx, pipeline, carrier):
    kind, sim = (TelnyxPhone, telnyx) if carrier == "telnyx" else (TwilioPhone, world.twilio)
    sim.add_phone(kind(CALLEE, answer_after_s=2, steps=(Listen(),)))
    phone, ends = phone_of(world) if carrier == "telnyx" else world.phone(), []
    await world.serve(phone, pipeline(phone), on_message=lambda msg: "Yes.", on_call_end=ends.append)
    sim.world.rest_faults.add("dial", Fault(cut_after=0))
    with pytest.raises(CarrierError):
        await phone.call(CALLEE, first_message="Hello.")
    [leg] = sim.calls.values()
    await leg.ended(20)
    await phone.disconnect()
    await world.close()
    assert [end["reason"] for end in ends] == ["carrier_error"]
    assert leg.cause == "application_hung_up"
