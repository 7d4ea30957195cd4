"""Talking to the carrier of an account: built from its row, spoken from ordinary (synchronous) code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from asgiref.sync import async_to_sync
from django.conf import settings

from patter.carriers.twilio.rest import TwilioRest
from phone_numbers.models import Carrier, CarrierAccount

T = TypeVar("T")


def carrier_base_url(account: CarrierAccount) -> str:
    """Where the account's carrier is: its own address, the simulator's, else the environment's."""
    if account.base_url:
        return account.base_url
    return settings.PATTER_SIMULATOR_URL if account.simulated else settings.PATTER_TWILIO_BASE_URL


def twilio_rest(account: CarrierAccount, *, timeout_s: float = 10.0) -> TwilioRest:
    """Twilio's interface for this account. Create and close it inside one event loop."""
    if account.carrier != Carrier.TWILIO:
        raise ValueError(f"{account.pk} is an account at {account.carrier}")
    return TwilioRest(account.account_sid, account.auth_token, carrier_base_url(account), timeout_s=timeout_s)


def ask_twilio(
    account: CarrierAccount, question: Callable[[TwilioRest], Awaitable[T]], *, timeout_s: float = 10.0
) -> T:
    """One conversation with Twilio, from synchronous code. Raises CarrierError.

    Never inside a transaction: a slow carrier would hold its locks.
    """
    # The secrets are opened here: a deferred column must not be read inside the event loop.
    sid, token, base_url = account.account_sid, account.auth_token, carrier_base_url(account)

    async def converse() -> T:
        async with TwilioRest(sid, token, base_url, timeout_s=timeout_s) as rest:
            return await question(rest)

    return async_to_sync(converse)()
