"""The cast: a simulated Twilio, simulated ElevenLabs agents, and a home between them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from patter.simulators.twilio import TwilioSimulator

from .home import Home, home_of


@pytest.fixture
async def home(sim: TwilioSimulator) -> AsyncIterator[Home]:
    async with home_of(sim) as running:
        yield running
