"""The simulated ElevenLabs, and what is needed to speak with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from patter.bridge.plan import ProviderSpec
from patter.simulators.elevenlabs import ElevenLabsServer


@pytest.fixture
async def server() -> AsyncIterator[ElevenLabsServer]:
    async with ElevenLabsServer() as running:
        yield running
        assert running.complaints == []


@pytest.fixture
def spec(server: ElevenLabsServer) -> Callable[..., ProviderSpec]:
    def make(provider: str = "elevenlabs", **more: Any) -> ProviderSpec:
        return ProviderSpec(provider, **{"api_key": server.api_key, "base_url": server.base_url, **more})

    return make


@pytest.fixture
def engine_tasks() -> Callable[[], list[str]]:
    """Names of the tasks that run code of an engine."""

    def running() -> list[str]:
        coroutines = [(task, task.get_coro()) for task in asyncio.all_tasks()]
        return [
            task.get_name()
            for task, coroutine in coroutines
            if "/patter/engines/" in getattr(getattr(coroutine, "cr_code", None), "co_filename", "")
        ]

    return running
