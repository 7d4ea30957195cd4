"""Sockets are cut and web processes killed, ten times: each turn is answered once or reported lost."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from patter import Patter
from patter.simulators.demo import AGENT
from tests.sdk.test_many_calls import APPLICATION, Program, ask, phone_of, until
from tests.system.platform import Platform
from tests.system.steps import LISTEN
from tests.system.world import World, embedded, separate

ROUNDS = 10
CALLS = 20
THINKS_S = 0.6
LEASE_S = 6
WAITED_FOR_S = 6
"""A turn waits eight seconds for whoever answers it, and coming back takes some of them."""
ENDS = ("call.ended", "call.failed")


async def start_media_with_fake_calls(platform: Platform) -> str:
    """Another process that carries calls: those without a telephone. Returns its address."""
    await platform.stop_part("media")
    part = platform.start_uvicorn("media", platform.media_port, APPLICATION)
    await platform.wait_ready(part, platform.media_port)
    return f"http://127.0.0.1:{platform.media_port}"


async def cut_socket(phone: Patter) -> None:
    """As a network does it: nobody says goodbye."""
    cloud = phone._homes.cloud("test")
    assert cloud._socket is not None
    cloud._socket.drop()


async def kill_web(world: World) -> None:
    web = world.platform.parts["web"]
    web.send(signal.SIGKILL)
    await web.ended()
    again = world.platform.start_uvicorn("web", world.platform.port)
    await world.platform.wait_ready(again, world.platform.port)


@pytest.mark.timeout(400)
@pytest.mark.alone
async def test_whatever_is_lost_each_turn_is_answered_once_or_reported(tmp_path, servers):
    async with separate(tmp_path, servers, PATTER_LEASE_S=str(LEASE_S)) as world:
        tenant = await world.tenant()
        media = await start_media_with_fake_calls(world.platform)
        program, phone = Program(THINKS_S), phone_of(world, tenant.http.headers["X-API-Key"])
        await program.connect(phone)
        lost = 0
        for number in range(ROUNDS):
            calls = [(f"call_{index}", f"round {number}") for index in range(CALLS)]
            asking = asyncio.create_task(ask(media, tenant.organisation, calls))
            await until(lambda asked=CALLS * (number + 1): len(program.runs) >= asked)
            began = time.monotonic()
            await (kill_web(world) if number % 2 else cut_socket(phone))
            is_waited_for = time.monotonic() - began < WAITED_FOR_S
            lost_now = check(await asking, number)
            lost += lost_now if is_waited_for else 0
            await until_connected(phone)
        assert set(program.runs.values()) == {1}, "a handler ran twice for one turn"
        assert lost <= ROUNDS * CALLS / 10, f"{lost} turns were lost"
        await a_lost_worker_is_told(world, program, tenant)
        await phone.disconnect()


@pytest.mark.timeout(500)
async def test_a_platform_that_is_killed_as_a_whole_ends_each_call_once(tmp_path):
    """Nothing is left but the database. The next start ends the calls, and the program hears of each once."""
    async with embedded(tmp_path, PATTER_LEASE_S=str(LEASE_S)) as world:
        tenant = await world.tenant(agent={**AGENT, "reply_by": "handler"})
        program, phone = Program(THINKS_S), phone_of(world, tenant.http.headers["X-API-Key"])
        await program.connect(phone)
        calls = [await tenant.ring([LISTEN]) for _ in range(3)]
        for call in calls:
            await call.reached("agent_stopped")
        ids = [(await tenant.found(call))["id"] for call in calls]
        await until(lambda: all(program.starts[call_id] for call_id in ids))
        platform = world.platform.parts["serve"]
        platform.send(signal.SIGKILL)
        await platform.ended()
        await world.platform.start_embedded()
        for call_id in ids:
            row = await tenant.settled(call_id, LEASE_S + 60)
            assert (row["status"], row["end_reason"]) == ("failed", "worker_lost")
            assert [kind for kind in await tenant.told(call_id) if kind in ENDS] == ["call.ended"]
        await until(lambda: all(program.ends[call_id] for call_id in ids))
        assert {(program.ends[call_id], program.reasons[call_id]) for call_id in ids} == {(1, "worker_lost")}
        await phone.disconnect()
        for call in calls:
            await call.ended()


def check(told: list[dict], number: int) -> int:
    """Every call was told one end of its turn: its own reply, or that it was lost. Returns how many were."""
    assert {row["ends"] for row in told} == {1}
    for row in told:
        if row["failed"]:
            assert row["failed"] == "handler_lost", row
        else:
            assert row["said"] == f"{row['call_id']} heard: round {number}", row
    return sum(bool(row["failed"]) for row in told)


async def until_connected(phone: Patter) -> None:
    cloud = phone._homes.cloud("test")
    assert cloud._socket is not None
    socket = cloud._socket
    await until(lambda: socket.is_open and socket.ledger.resuming is None, 60)


async def a_lost_worker_is_told(world: World, program: Program, tenant) -> None:
    """The process that carries a real call is killed: the program hears of the end once, with the reason."""
    await tenant.http.patch(f"agents/{tenant.agent}", json={"reply_by": "handler"})
    await tenant.post(f"agents/{tenant.agent}/publish")
    call = await tenant.ring([LISTEN])
    await call.reached("agent_stopped")
    call_id = (await tenant.found(call))["id"]
    deadline = time.monotonic() + 60
    while not program.starts[call_id] or not (
        await world.platform.rows(f"SELECT 1 FROM calls_call WHERE id = '{call_id}' AND reply_to <> ''")
    ):
        assert time.monotonic() < deadline, "the program was not told of the call"
        await asyncio.sleep(0.05)
    media = world.platform.parts["media"]
    media.send(signal.SIGKILL)
    await media.ended()
    row = await tenant.settled(call_id, LEASE_S + 60)
    assert row["end_reason"] == "worker_lost"
    await until(lambda: bool(program.ends[call_id]))
    assert (program.ends[call_id], program.reasons[call_id]) == (1, "worker_lost")
    await call.ended()
    await world.platform.start_media()
