"""PostgreSQL and Redis; web, media and worker as processes of their own; ended and killed."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect

from patter.simulators.demo import AGENT, STEPS
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.voice import OfflineVoice
from tests.system.checks import (
    check_end,
    check_page,
    check_recording,
    check_transcript,
    check_usage,
    signed_in,
)
from tests.system.killed_workers import a_worker_is_killed_in_mid_dial
from tests.system.steps import LISTEN, patient
from tests.system.telnyx import WEBHOOK_BUDGET_S
from tests.system.tenant import PATIENCE_S, Tenant
from tests.system.world import World, separate

LEASE_S = 6
TICK_S = 5
SOON_S = 20
"""The caller would stay for a minute."""


@asynccontextmanager
async def page_socket(tenant: Tenant) -> AsyncIterator[ClientConnection]:
    """``/ws/live`` in the web process, as the owner's browser opens it."""
    async with signed_in(tenant) as browser:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    base = tenant.platform.base
    url = f"{base.replace('http', 'ws', 1)}/ws/live"
    async with connect(url, origin=base, additional_headers={"Cookie": cookies}, proxy=None) as socket:  # type: ignore[arg-type]
        yield socket


async def watch(tenant: Tenant, entries: list[dict], subscribed: asyncio.Event) -> None:
    """Follow the organisation, and each call that begins, as the page of calls does."""
    async with page_socket(tenant) as socket:
        await socket.send(json.dumps({"type": "subscribe", "organisation": tenant.name}))
        followed: set[str] = set()
        async for frame in socket:
            message = json.loads(frame)
            entries.append(message)
            subscribed.set()
            call_id = message.get("call") if message["type"] == "entry" else None
            if call_id and call_id not in followed:
                followed.add(call_id)
                await socket.send(json.dumps({"type": "subscribe", "call": call_id}))


@pytest.mark.timeout(500)
async def test_the_same_call_across_processes(tmp_path, servers):
    async with (
        TelnyxSimulator(voice=OfflineVoice(), webhook_budget_s=WEBHOOK_BUDGET_S) as telnyx,
        separate(
            tmp_path,
            servers,
            PATTER_LEASE_S=str(LEASE_S),
            PATTER_TELNYX_BASE_URL=f"{telnyx.base_url}/v2",
        ) as world,
    ):
        tenant = await world.tenant()
        seen: list[dict] = []
        watching = asyncio.create_task(watch(tenant, seen, subscribed := asyncio.Event()))
        await asyncio.wait_for(subscribed.wait(), PATIENCE_S)
        assert seen == [{"type": "subscribed", "organisation": tenant.name}]
        demo = await tenant.ring([patient(step) for step in STEPS])
        await hang_up_by_rest(tenant)
        await a_hang_up_that_the_bus_lost(tenant)
        await demo.ended()
        call = await tenant.settled((await tenant.found(demo))["id"])
        await check_end(tenant, demo, call)
        turns = await check_transcript(tenant, call["id"])
        await check_usage(tenant, call["id"])
        await check_recording(tenant, call["id"])
        await check_page(tenant, call["id"])
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        shown = [m["entry"] for m in seen if m["type"] == "entry" and m["call"] == call["id"]]
        shown_turns = [entry["text"] for entry in shown if entry["kind"] == "turn"]
        # The page learns of the call a moment after it began, and fetches what came before.
        assert shown_turns == [turn["text"] for turn in turns][-len(shown_turns) :]
        assert len(shown_turns) >= len(turns) - 1
        assert any(entry["kind"] == "interim" for entry in shown)
        assert [entry["status"] for entry in shown if entry["kind"] == "status"][-1:] == ["ended"]
        await a_worker_is_killed_in_mid_dial(world, tenant, telnyx)
        await media_process_is_killed(world, tenant)
        await media_process_is_told_to_stop(world, tenant)


async def hang_up_by_rest(tenant: Tenant) -> None:
    """Asked of the web process, done by the media process."""
    call = await tenant.ring([LISTEN])
    await call.reached("agent_stopped")
    call_id = (await tenant.found(call))["id"]
    await tenant.post(f"calls/{call_id}/hang-up")
    await call.ended()
    assert call.cause == "application_hung_up"
    assert (await tenant.settled(call_id))["end_reason"] == "api_hung_up"


async def a_hang_up_that_the_bus_lost(tenant: Tenant) -> None:
    """The wish is a row, too, and the media process looks for it when it renews its leases."""
    call = await tenant.ring([LISTEN])
    await call.reached("agent_stopped")
    call_id = (await tenant.found(call))["id"]
    values = f"'{tenant.organisation}', '{call_id}', 'call.hang_up_asked', '{{}}', now()"
    columns = "organisation_id, call_id, kind, data, created_at"
    await tenant.platform.rows(f"INSERT INTO calls_callevent ({columns}) VALUES ({values}) RETURNING id")
    await call.ended()
    assert (await tenant.settled(call_id))["end_reason"] == "api_hung_up"


async def media_process_is_killed(world: World, tenant: Tenant) -> None:
    """Nobody is left who could say how the call ended; the worker finds out and says it, once."""
    call = await tenant.ring([LISTEN])
    await call.reached("agent_stopped")
    call_id = (await tenant.found(call))["id"]
    # What the media process has not written down yet dies with it: a moment's worth.
    for _ in range(200):
        if await tenant.turns(call_id):
            break
        await asyncio.sleep(0.05)
    media = world.platform.parts["media"]
    media.send(signal.SIGKILL)
    await media.ended()
    row = await tenant.settled(call_id, LEASE_S + TICK_S + PATIENCE_S)
    assert (row["status"], row["end_reason"], row["error"]["code"]) == (
        "failed",
        "worker_lost",
        "worker_lost",
    )
    told = await tenant.told(call_id)
    assert (told.count("call.ended"), told.count("call.failed")) == (1, 0)
    assert [turn["text"] for turn in await tenant.turns(call_id)] == [AGENT["first_message"]]
    await call.ended()
    assert await tenant.live_calls() == []


async def media_process_is_told_to_stop(world: World, tenant: Tenant) -> None:
    """A deployment: the calls of this process are hung up and written down, and it ends."""
    media = await world.platform.start_media()
    call = await tenant.ring([LISTEN])
    await call.reached("agent_stopped")
    media.send(signal.SIGTERM)
    code = await media.ended(SOON_S)
    assert code in (0, -signal.SIGTERM)  # uvicorn raises the signal again when it is done
    await call.ended()
    # uvicorn closes sockets before it tells us: the carrier's next question may overtake our hang-up.
    assert call.cause in ("application_hung_up", "application_error")
    row = await tenant.settled((await tenant.found(call))["id"], LEASE_S + TICK_S + PATIENCE_S)
    assert row["end_reason"] == "worker_lost"
    assert (await tenant.told(row["id"])).count("call.ended") == 1
