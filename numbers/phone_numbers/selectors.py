"""Reading carrier accounts and numbers."""

from __future__ import annotations

from django.db.models import QuerySet

from agents.models import Agent, Owner
from agents.services import ensure_default_agent
from patter_site.accounts.models import Organisation
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber


def carrier_accounts_of(organisation: Organisation | str) -> QuerySet[CarrierAccount]:
    """The organisation's own accounts. Those of the platform are nobody's to read."""
    return CarrierAccount.objects.of(organisation).filter(owner=Owner.ORGANISATION)


def numbers_of(organisation: Organisation | str) -> QuerySet[PhoneNumber]:
    return PhoneNumber.objects.of(organisation).select_related("carrier_account", "agent")


def accounts_named(
    carrier: str, account_sid: str, carrier_account_id: str | None = None
) -> list[CarrierAccount]:
    """The accounts that a webhook may mean: several organisations may have entered the same one."""
    rows = CarrierAccount.objects.unscoped("a webhook names a carrier account before it names a tenant")
    rows = rows.filter(carrier=carrier, account_sid=account_sid)
    if carrier_account_id is not None:
        rows = rows.filter(pk=carrier_account_id)
    return list(rows.select_related("organisation").order_by("pk"))


def telnyx_accounts(connection_id: str, carrier_account_id: str | None = None) -> list[CarrierAccount]:
    """The accounts whose key may prove an event of a connection."""
    if not connection_id and carrier_account_id is None:
        return []
    rows = CarrierAccount.objects.unscoped("a webhook names a connection before it names a tenant")
    rows = rows.filter(carrier=Carrier.TELNYX)
    if connection_id:
        rows = rows.filter(connection_id=connection_id)
    if carrier_account_id is not None:
        rows = rows.filter(pk=carrier_account_id)
    return list(rows.select_related("organisation").order_by("pk"))


def account_of_event(accounts: list[CarrierAccount], numbers: tuple[str, ...]) -> CarrierAccount | None:
    """The one of several proven accounts that has one of the numbers; None where it is not one."""
    rows = PhoneNumber.objects.unscoped("the carrier accounts were proven by their signature")
    having = set(
        rows.filter(carrier_account__in=accounts, number__in=numbers).values_list(
            "carrier_account_id", flat=True
        )
    )
    fitting = [account for account in accounts if account.pk in having]
    return fitting[0] if len(fitting) == 1 else None


def route_of(account: CarrierAccount, number: str) -> PhoneNumber | None:
    """The number inside one carrier account; None when the account has no such number here."""
    rows = PhoneNumber.objects.unscoped("the carrier account, already proven, decides the tenant")
    rows = rows.filter(carrier_account=account, number=number)
    return rows.select_related("organisation", "agent", "carrier_account").first()


def answering_agent(number: PhoneNumber) -> tuple[Agent, int | None]:
    """Who answers this number, and the version it pins: its own agent, else the organisation's default."""
    if number.agent is not None and number.agent.archived_at is None:
        return number.agent, number.agent_version
    return ensure_default_agent(organisation=number.organisation), None


def account_for_number(organisation: Organisation | str, number: str) -> QuerySet[PhoneNumber]:
    """The organisation's rows of a number: one per carrier account that has it."""
    return numbers_of(organisation).filter(number=number)
