"""The cast of the carrier tests: a simulated Twilio with one account and one number."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from patter.simulators.twilio import TwilioSimulator
from patter.testing.loop import VirtualLoop

ON_LOOPBACK = frozenset(
    "chains contract convai deepgram elevenlabs handlers local openai realtime rows telnyx".split()
)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Calls and links whose two ends live on one loop need no real time, unless a test says that it does."""
    folder, name = item.path.parent.name, item.path.name
    is_on_loopback = folder in ON_LOOPBACK or name.startswith("test_simulator_")
    if is_on_loopback and item.get_closest_marker("real_time") is None:
        return {"virtual": VirtualLoop}
    return {"real": asyncio.new_event_loop}


@pytest.fixture
async def sim() -> AsyncIterator[TwilioSimulator]:
    async with TwilioSimulator(webhook_budget_s=2) as simulator:
        simulator.add_account("AC00000000000000000000000000000001", "0123456789abcdef")
        simulator.add_number("+15550001111", "AC00000000000000000000000000000001")
        yield simulator
