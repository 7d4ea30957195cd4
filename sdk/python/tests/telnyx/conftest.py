"""The cast of Telnyx's tests: a simulated Telnyx with one account, one application and one number."""

from collections.abc import AsyncIterator

import pytest

from patter.carriers.telnyx.rest import TelnyxRest
from patter.simulators.telnyx import TelnyxSimulator

API_KEY, CONNECTION = "KEY0123456789", "1494404757140276705"
OUR, ADA = "+12025550111", "+12025550122"
SEED = bytes(range(32))


@pytest.fixture
async def sim() -> AsyncIterator[TelnyxSimulator]:
    async with TelnyxSimulator() as simulator:
        simulator.add_account(API_KEY, seed=SEED)
        simulator.add_application(CONNECTION, API_KEY)
        simulator.add_number(OUR, API_KEY, CONNECTION)
        yield simulator


@pytest.fixture
async def rest(sim) -> AsyncIterator[TelnyxRest]:
    async with TelnyxRest(API_KEY, CONNECTION, f"{sim.base_url}/v2", retry_delay_s=0.01) as rest:
        yield rest
