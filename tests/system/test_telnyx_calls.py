"""Whole calls over the simulated Telnyx: real processes, real sockets, real webhooks.

They run at the same time, and each test looks at one of them.
"""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from patter.simulators.script import HangUp, Listen, Say
from patter.simulators.telnyx import Faults, Phone
from tests.system.telnyx import TelnyxTenant, telnyx_embedded

BOOK = {"say": "I would like to book a table"}
BYE = {"say": "thank you and goodbye"}
LISTEN = {"listen": True}
AT_ONCE = 6
SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


async def rung(tenant: TelnyxTenant, steps, **more):
    """A call from ring to end, and the platform's row of it."""
    leg = await (await tenant.ring(steps, **more)).ended(60)
    return leg, await tenant.settled((await tenant.found(leg))["id"])


@scenario
async def the_agent_ends_it(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [BOOK, BYE, LISTEN])
    assert (row["status"], row["end_reason"], row["carrier"]) == ("completed", "agent_ended", "telnyx")
    assert leg.hangup[:2] == ("normal_clearing", "callee") and not leg.complaints
    said = [turn["text"] for turn in await tenant.turns(row["id"]) if turn["role"] == "user"]
    assert any("table" in text for text in said)
    assert leg.media.counts["agent_bytes_played"] > 8 * 1000


@scenario
async def the_caller_ends_it(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [BOOK, {"hang_up": True}])
    assert (row["status"], row["end_reason"]) == ("completed", "caller_hung_up")
    assert (await tenant.told(row["id"])).count("call.ended") == 1
    assert not leg.complaints


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(tmp_path_factory):
    async with telnyx_embedded(tmp_path_factory.mktemp("telnyx")) as world:
        slots = asyncio.Semaphore(AT_ONCE)

        async def play(name, function):
            async with slots:
                try:
                    await function(await world.tenant(name))
                except BaseException as error:
                    return error
            return None

        errors = await asyncio.gather(*(play(name, function) for name, function in SCENARIOS.items()))
        yield dict(zip(SCENARIOS, errors, strict=True))


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", SCENARIOS)
async def test_telnyx(outcomes, name):
    if outcomes[name] is not None:
        raise outcomes[name]
