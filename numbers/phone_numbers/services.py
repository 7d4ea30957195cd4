"""Writing carrier accounts and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from agents.models import Agent, Owner
from patter.carriers.telnyx.signature import is_public_key
from patter.errors import CarrierError
from patter_site.accounts.models import Organisation
from phone_numbers.carrier import ask_telnyx, ask_twilio
from phone_numbers.errors import AccountInUse, NumberTaken
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber

NOT_TWILIO = "what answers there is not Twilio"
NOT_TELNYX = "what answers there is not Telnyx"
"""Said of an answer that has nothing of the carrier's in it."""


def create_carrier_account(*, organisation: Organisation, carrier: str, **fields: Any) -> CarrierAccount:
    """Keep an account at a carrier for an organisation; its secrets are encrypted."""
    return CarrierAccount.objects.create(
        organisation=organisation, owner=Owner.ORGANISATION, carrier=carrier, **fields
    )


def change_carrier_account(*, account: CarrierAccount, changes: Mapping[str, Any]) -> CarrierAccount:
    """Replace names, secrets or limits. What was found out about the old ones is forgotten."""
    for field, value in changes.items():
        setattr(account, field, value)
    account.checked_at, account.check_error = None, ""
    # Not the whole row: calls are being dialled, and take their slots in it.
    account.save(update_fields=[*changes, "checked_at", "check_error", "updated_at"])
    return account


def delete_carrier_account(*, account: CarrierAccount) -> None:
    """Forget an account. Raises AccountInUse while numbers hang on it; its calls stay."""
    rows = PhoneNumber.objects.unscoped("an account of the platform has numbers of many organisations")
    numbers = rows.filter(carrier_account=account).count()
    if numbers:
        raise AccountInUse(numbers)
    account.delete()


def check_carrier_account(*, account: CarrierAccount) -> CarrierAccount:
    """Ask the carrier whether the account works, and keep its answer in its own words."""
    account.check_error = _check_error(account)
    account.checked_at = timezone.now()
    account.save(update_fields=["checked_at", "check_error", "updated_at"])
    return account


def create_number(
    *,
    organisation: Organisation,
    number: str,
    carrier_account: CarrierAccount,
    agent: Agent | None = None,
    agent_version: int | None = None,
    label: str = "",
) -> PhoneNumber:
    """Enter a number of a carrier account. Raises NumberTaken when the account has it already."""
    try:
        with transaction.atomic():
            return PhoneNumber.objects.create(
                organisation=organisation,
                number=number,
                carrier_account=carrier_account,
                agent=agent,
                agent_version=agent_version,
                label=label,
            )
    except IntegrityError:
        raise NumberTaken(number) from None


def change_number(*, number: PhoneNumber, changes: Mapping[str, Any]) -> PhoneNumber:
    """Change a number's label, agent or pinned version; a new agent starts unpinned."""
    if "agent" in changes and changes["agent"] != number.agent and "agent_version" not in changes:
        number.agent_version = None
    for field, value in changes.items():
        setattr(number, field, value)
    number.save()
    return number


def _check_error(account: CarrierAccount) -> str:
    try:
        return CHECKS[account.carrier](account)
    except CarrierError as error:
        return str(error)


def _check_twilio(account: CarrierAccount) -> str:
    found = ask_twilio(account, lambda rest: rest.fetch_account())
    if not found.sid:
        return f"twilio: {NOT_TWILIO}"
    return "" if found.status == "active" else f"twilio: the account is {found.status}"


def _check_telnyx(account: CarrierAccount) -> str:
    if not is_public_key(account.public_key):
        return "telnyx: the public key is not one: copy it from the portal, Keys & Credentials, Public Key"
    found = ask_telnyx(account, lambda rest: rest.fetch_application())
    if not found.connection_id:
        return f"telnyx: {NOT_TELNYX}"
    return "" if found.active else f"telnyx: the application {found.name} is not active"


CHECKS = {Carrier.TWILIO.value: _check_twilio, Carrier.TELNYX.value: _check_telnyx}
