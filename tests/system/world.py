"""A platform and a simulated carrier that know each other, for as long as a test needs them."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from patter.simulators.demo import AGENT
from patter.simulators.twilio import TwilioSimulator
from patter.simulators.voice import OfflineVoice
from tests.system.platform import BEHIND_THE_WORLD, Platform
from tests.system.tenant import Tenant

SECRET = re.compile(r"1?202-?555-?\d{4}|pt_[0-9a-z]{20}|-simulated|-test-key|[Bb]earer \w|\[DTMF")
"""Numbers of the tests' people, and keys as the tests' servers have them."""


@dataclass
class World:
    platform: Platform
    simulator: TwilioSimulator
    tenants: list[Tenant] = field(default_factory=list)

    async def tenant(self, name: str = "luna", agent: Mapping[str, Any] = AGENT) -> Tenant:
        """A customer with an agent and a number."""
        self.tenants.append(Tenant(self.platform, self.simulator, name))
        return await self.tenants[-1].set_up(agent)

    async def put_away(self) -> None:
        """Calls first: one that still runs would be hung up by a platform that stops."""
        running = [call for call in self.simulator.calls.values() if not call.finished.is_set()]
        for call in running:
            call.end("shutdown")
        for call in running:
            await call.ended()
        for tenant in self.tenants:
            await tenant.http.aclose()
        await self.platform.stop()


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Redis, as ``./dev test`` starts them."""

    database: str
    redis: str


@asynccontextmanager
async def embedded(folder: Path, application: str = "", **more: str) -> AsyncIterator[World]:
    """One process on SQLite. ``application``: an ASGI application around the platform's."""
    async with TwilioSimulator(voice=OfflineVoice()) as simulator:
        # What measures it does so with an application of its own, and alone.
        platform = Platform(
            folder, simulator.base_url, more=more, niceness=0 if application else BEHIND_THE_WORLD
        )
        world = World(platform, simulator)
        try:
            await (platform.start_asgi(application) if application else platform.start_embedded())
            yield world
        finally:
            await world.put_away()
    _complain(platform)


@asynccontextmanager
async def separate(folder: Path, servers: Servers, **more: str) -> AsyncIterator[World]:
    """Web, media and worker, with a database of their own."""
    server, _, _ = servers.database.rpartition("/")
    name = f"patter_system_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    redis_url = f"{servers.redis.rstrip('/').removesuffix('/0')}/{_own_redis_database()}"
    client = redis.Redis.from_url(redis_url)
    client.flushdb()
    client.close()
    try:
        async with TwilioSimulator(voice=OfflineVoice()) as simulator:
            platform = Platform(folder, simulator.base_url, f"{server}/{name}", redis_url, more=more)
            world = World(platform, simulator)
            try:
                await platform.start_separate()
                yield world
            finally:
                await world.put_away()
    finally:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    _complain(platform)


def _own_redis_database() -> int:
    """Each worker of pytest-xdist empties its own: another world may live beside this one."""
    return 7 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _complain(platform: Platform) -> None:
    if said := platform.tracebacks():
        pytest.fail(f"a process said what nobody expected:\n{said}", pytrace=False)
    if shown := [line for line in platform.lines() if SECRET.search(line)]:
        pytest.fail("a log holds a number or a key:\n" + "\n".join(shown[:20]), pytrace=False)
