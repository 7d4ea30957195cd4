"""Doors, over real sockets: whatever comes, it gets its own answer, and no call stays in progress.

Most scenarios wait for somebody, so they all run at the same time, and each test looks at one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.chosen import chosen
from tests.system.doors.scenario import SCENARIOS, Scenario
from tests.system.tenant import Tenant
from tests.system.world import World, embedded

AT_ONCE = 8


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(request, tmp_path_factory) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    async with embedded(tmp_path_factory.mktemp("doors")) as world:
        tenant = await world.tenant()
        gate = asyncio.Semaphore(AT_ONCE)
        tasks = {
            name: asyncio.create_task(_one(gate, SCENARIOS[name], tenant), name=name)
            for name in chosen(request)
        }
        yield tasks
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        await _nothing_is_left(world, tenant)


async def _one(gate: asyncio.Semaphore, run: Scenario, tenant: Tenant) -> None:
    async with gate:
        await run(tenant)


async def _nothing_is_left(world: World, tenant: Tenant) -> None:
    for call in list(world.simulator.calls.values()):
        await call.ended()
    rows = await world.platform.rows("SELECT COUNT(*) FROM calls_call WHERE announced_at IS NULL")
    assert rows == [(0,)]
    assert await tenant.live_calls() == []


@pytest.mark.timeout(500)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", SCENARIOS)
async def test_door(outcomes, name):
    await outcomes[name]
