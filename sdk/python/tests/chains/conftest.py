"""Links that fail when they are told to, and the strict simulated providers."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from patter.engines.chain import HEALTH
from patter.engines.web import close_clients
from patter.simulators.deepgram import DeepgramServer
from patter.simulators.elevenlabs import ElevenLabsServer
from patter.simulators.openai import OpenAiServer


@pytest.fixture(autouse=True)
def everybody_is_well():
    HEALTH.forget()
    yield
    HEALTH.forget()


@pytest.fixture
async def deepgram() -> AsyncIterator[DeepgramServer]:
    async with DeepgramServer(utterances=["what can you do"]) as running:
        yield running


@pytest.fixture
async def other_deepgram() -> AsyncIterator[DeepgramServer]:
    async with DeepgramServer(utterances=["what can you do"]) as running:
        yield running


@pytest.fixture
async def openai() -> AsyncIterator[OpenAiServer]:
    async with OpenAiServer() as running:
        yield running
        await close_clients()


@pytest.fixture
async def elevenlabs() -> AsyncIterator[ElevenLabsServer]:
    async with ElevenLabsServer() as running:
        yield running


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
