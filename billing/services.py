"""Writing meters. A row is written once, named by its idempotency key, and never changed."""

from __future__ import annotations

from decimal import Decimal

from billing.models import UsageRecord
from patter_site.accounts.models import Organisation


def record_usage(
    *,
    organisation: Organisation | str,
    subject_type: str,
    subject_id: str,
    meter: str,
    quantity: Decimal | int,
    unit: str,
    idempotency_key: str,
    provider: str = "",
    account_owner: str = "organisation",
    estimated: bool = False,
    simulated: bool = False,
) -> UsageRecord:
    """Write down that something was used. The same key again returns the first row, unchanged.

    Args:
        unit: what the quantity counts, such as ``s``, ``ms``, ``characters`` or ``tokens``.
        account_owner: whose account at the provider was used, ``organisation`` or ``platform``.
        estimated: the quantity was not delivered by the provider.
        simulated: of a simulated call; never charged.
    """
    key = organisation if isinstance(organisation, str) else organisation.pk
    record = UsageRecord(
        organisation_id=key,
        subject_type=subject_type,
        subject_id=subject_id,
        meter=meter,
        quantity=Decimal(quantity),
        unit=unit,
        provider=provider,
        account_owner=account_owner,
        estimated=estimated,
        simulated=simulated,
        idempotency_key=idempotency_key,
    )
    UsageRecord.objects.bulk_create([record], ignore_conflicts=True)
    return UsageRecord.objects.of(key).get(idempotency_key=idempotency_key)
