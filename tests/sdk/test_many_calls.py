"""Many calls on one connection, and connections and processes that are lost: no reply lost or crossed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from patter import Call, IncomingMessage, Patter
from tests.system.world import World, embedded

PATH = "/fake-calls"
APPLICATION = "tests.sdk.fake_calls_app:application"
AT_ONCE = 200
THINKS_S = 2.0


class Program:
    """A handler that thinks for a while, and remembers how often it was asked what."""

    def __init__(self, thinks_s: float) -> None:
        self.runs: Counter[tuple[str, str]] = Counter()
        self.starts: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        self._thinks_s = thinks_s

    async def on_message(self, message: IncomingMessage, call: Call) -> str:
        assert call.id == message.call_id
        self.runs[message.call_id, message.turn_id] += 1
        await asyncio.sleep(self._thinks_s)
        return f"{message.call_id} heard: {message.text}"

    async def connect(self, phone: Patter) -> None:
        await phone.connect(self.on_message, on_call_start=self._started, on_call_end=self._ended)

    async def _started(self, data: dict[str, Any]) -> None:
        self.starts[data["call_id"]] += 1

    async def _ended(self, data: dict[str, Any]) -> None:
        self.ends[data["call_id"]] += 1
        self.reasons[data["call_id"]] = data["reason"]


async def ask(base: str, organisation: str, calls: list[tuple[str, str]]) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False, timeout=120) as http:
        answer = await http.post(f"{base}{PATH}", json={"organisation": organisation, "calls": calls})
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def until(true: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait until something that the program counts is so."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.02)


def phone_of(world: World, key: str) -> Patter:
    return Patter(key, backend_url=world.platform.base)


@pytest.mark.timeout(500)
async def test_two_programs_on_one_key_share_the_calls_and_one_takes_over(tmp_path):
    async with embedded(tmp_path, APPLICATION) as world:
        tenant = await world.tenant()
        programs = [Program(0.01), Program(0.01)]
        phones = [phone_of(world, tenant.http.headers["X-API-Key"]) for _ in programs]
        for program, phone in zip(programs, phones, strict=True):
            await program.connect(phone)
        calls = [(f"call_{number}", "first") for number in range(20)]
        for name, text in calls:  # one after the other: each goes to whoever has fewer
            await ask(world.platform.base, tenant.organisation, [(name, text)])
        assert [len(program.runs) for program in programs] == [10, 10]
        again = await ask(world.platform.base, tenant.organisation, calls)
        assert {row["failed"] for row in again} == {""}
        assert [len(program.starts) for program in programs] == [10, 10], "a call stays where it is"
        await phones[0].disconnect()
        taken = await ask(world.platform.base, tenant.organisation, [(name, "last") for name, _ in calls])
        assert [row["said"] for row in taken] == [f"{name} heard: last" for name, _ in calls]
        assert len(programs[1].starts) == 20, "who takes a call over is told that it begins"
        await phones[1].disconnect()


@pytest.mark.timeout(500)
@pytest.mark.alone
async def test_two_hundred_calls_at_once_on_one_connection(tmp_path):
    async with embedded(tmp_path, APPLICATION) as world:
        tenant = await world.tenant()
        program, phone = Program(THINKS_S), phone_of(world, tenant.http.headers["X-API-Key"])
        await program.connect(phone)
        calls = [(f"call_{number}", f"question {number}") for number in range(AT_ONCE)]
        for turn in range(2):
            began = time.monotonic()
            told = await ask(world.platform.base, tenant.organisation, calls)
            took_s = time.monotonic() - began
            assert [row["said"] for row in told] == [f"{name} heard: {text}" for name, text in calls]
            assert {(row["failed"], row["ends"]) for row in told} == {("", 1)}
            assert set(program.runs.values()) == {1} and len(program.runs) == AT_ONCE * (turn + 1)
            assert took_s < THINKS_S * AT_ONCE / 10, took_s  # at once, not one after the other
        async with httpx.AsyncClient(trust_env=False, timeout=120) as http:
            await http.post(f"{world.platform.base}{PATH}/end")
        await until(lambda: len(program.ends) == AT_ONCE)
        assert set(program.starts.values()) == set(program.ends.values()) == {1}
        assert len(program.starts) == len(program.ends) == AT_ONCE
        await phone.disconnect()
