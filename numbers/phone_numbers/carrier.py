"""Talking to the carrier of an account: built from its row, spoken from ordinary (synchronous) code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.conf import settings

from patter.carriers.telnyx.rest import TelnyxRest
from patter.carriers.twilio.rest import TwilioRest
from phone_numbers.models import Carrier, CarrierAccount

T = TypeVar("T")
CarrierRest = TwilioRest | TelnyxRest


@dataclass(frozen=True, slots=True)
class CarrierAccess:
    """What it takes to talk to an account's carrier, read from its row: safe inside an event loop.

    ``account`` is Twilio's account SID and Telnyx's connection id; ``secret`` the auth token and the API key.
    """

    carrier: str
    base_url: str
    account: str
    secret: str = field(repr=False)

    def rest(self, *, timeout_s: float = 10.0) -> CarrierRest:
        """The carrier's interface. Create and close it inside one event loop."""
        return REST[self.carrier](self, timeout_s)


def _twilio(access: CarrierAccess, timeout_s: float) -> TwilioRest:
    return TwilioRest(access.account, access.secret, access.base_url, timeout_s=timeout_s)


def _telnyx(access: CarrierAccess, timeout_s: float) -> TelnyxRest:
    return TelnyxRest(access.secret, access.account, access.base_url, timeout_s=timeout_s)


REST: Mapping[str, Callable[[CarrierAccess, float], CarrierRest]] = {
    Carrier.TWILIO: _twilio,
    Carrier.TELNYX: _telnyx,
}


def carrier_base_url(account: CarrierAccount) -> str:
    """Where the account's carrier is: its own address, the simulator's, else the environment's."""
    if account.base_url:
        return account.base_url
    if account.carrier == Carrier.TELNYX:
        return f"{settings.PATTER_SIMULATOR_URL}/v2" if account.simulated else settings.PATTER_TELNYX_BASE_URL
    return settings.PATTER_SIMULATOR_URL if account.simulated else settings.PATTER_TWILIO_BASE_URL


def access_to(account: CarrierAccount) -> CarrierAccess:
    """The account's carrier and secrets, opened here: a deferred column must not be read in an event loop."""
    telnyx = account.carrier == Carrier.TELNYX
    return CarrierAccess(
        carrier=account.carrier,
        base_url=carrier_base_url(account),
        account=account.connection_id if telnyx else account.account_sid,
        secret=account.api_key if telnyx else account.auth_token,
    )


def ask_carrier(
    account: CarrierAccount, question: Callable[[CarrierRest], Awaitable[T]], *, timeout_s: float = 10.0
) -> T:
    """One conversation with the account's carrier, from synchronous code. Raises CarrierError.

    Never inside a transaction: a slow carrier would hold its locks.
    """
    access = access_to(account)

    async def converse() -> T:
        async with access.rest(timeout_s=timeout_s) as rest:
            return await question(rest)

    return async_to_sync(converse)()


def ask_twilio(
    account: CarrierAccount, question: Callable[[TwilioRest], Awaitable[T]], *, timeout_s: float = 10.0
) -> T:
    """``ask_carrier`` with what only Twilio has."""
    return ask_carrier(account, _only(account, Carrier.TWILIO, question), timeout_s=timeout_s)


def ask_telnyx(
    account: CarrierAccount, question: Callable[[TelnyxRest], Awaitable[T]], *, timeout_s: float = 10.0
) -> T:
    """``ask_carrier`` with what only Telnyx has."""
    return ask_carrier(account, _only(account, Carrier.TELNYX, question), timeout_s=timeout_s)


def _only(account: CarrierAccount, carrier: str, question: Callable[[Any], Awaitable[T]]) -> Any:
    if account.carrier != carrier:
        raise ValueError(f"{account.pk} is an account at {account.carrier}")
    return question
