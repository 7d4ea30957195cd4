"""The cast of the Deepgram tests: a strict simulated server."""

from collections.abc import AsyncIterator

import pytest

from patter.bridge.plan import ProviderSpec
from patter.simulators.deepgram import DeepgramServer


@pytest.fixture
async def server() -> AsyncIterator[DeepgramServer]:
    async with DeepgramServer(utterances=["what can you do"], net_timeout_s=0.6) as running:
        yield running


@pytest.fixture
def spec(server: DeepgramServer) -> ProviderSpec:
    return ProviderSpec("deepgram", api_key=server.api_key, base_url=server.base_url)
