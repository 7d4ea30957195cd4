"""The demo call, from the first ring to the recording, on one process and SQLite."""

import pytest

from patter.simulators.demo import STEPS
from tests.system.checks import check_end, check_page, check_recording, check_transcript, check_usage
from tests.system.steps import patient
from tests.system.world import embedded


@pytest.mark.supports("greeting", "several turns", "speaking over a reply", mode="pipeline", reply_by="model")
@pytest.mark.supports(
    "keys", "the agent ends the call", "a recording of our own", mode="pipeline", reply_by="model"
)
@pytest.mark.timeout(500)
async def test_a_whole_call_in_one_process(tmp_path):
    async with embedded(tmp_path) as world:
        tenant = await world.tenant()
        carrier_call = await (await tenant.ring([patient(step) for step in STEPS])).ended()
        call = await tenant.settled((await tenant.found(carrier_call))["id"])
        await check_end(tenant, carrier_call, call)
        await check_transcript(tenant, call["id"])
        await check_usage(tenant, call["id"])
        await check_recording(tenant, call["id"])
        await check_page(tenant, call["id"])
