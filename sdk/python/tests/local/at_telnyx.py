"""The simulated Telnyx of local mode: one account, one application, one number."""

from __future__ import annotations

from typing import Any

from patter import Patter
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.telnyx.world import Account

KEY, CONNECTION = "KEY0001", "1234567890"
NUMBER, CALLER, CALLEE = "+15550001111", "+15550002222", "+14155551234"


def furnish(simulator: TelnyxSimulator) -> Account:
    account = simulator.add_account(KEY)
    simulator.add_application(CONNECTION, KEY)
    simulator.add_number(NUMBER, KEY, CONNECTION)
    return account


def phone_of(world: Any, **more: Any) -> Patter:
    """The user's phone at this account, where the world's other phones are at Twilio."""
    options = {
        "telnyx_key": KEY,
        "telnyx_public_key": world.telnyx_account.key.public_key,
        "telnyx_connection_id": CONNECTION,
        "twilio_sid": "",
        "twilio_token": "",
    }
    phone: Patter = world.phone(**{**options, **more})
    return phone
