"""The cast of the carrier tests: a simulated Twilio with one account and one number."""

from collections.abc import AsyncIterator

import pytest

from patter.simulators.twilio import TwilioSimulator


@pytest.fixture
async def sim() -> AsyncIterator[TwilioSimulator]:
    async with TwilioSimulator(webhook_budget_s=2) as simulator:
        simulator.add_account("AC00000000000000000000000000000001", "0123456789abcdef")
        simulator.add_number("+15550001111", "AC00000000000000000000000000000001")
        yield simulator
