"""The simulated OpenAI, and what is needed to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.web import close_clients
from patter.simulators.openai import OpenAiServer


@pytest.fixture
async def server() -> AsyncIterator[OpenAiServer]:
    async with OpenAiServer() as running:
        yield running
        await close_clients()


@pytest.fixture
def spec(server: OpenAiServer) -> Callable[..., ProviderSpec]:
    def make(provider: str = "openai", **more: Any) -> ProviderSpec:
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
