"""Deciding about a number that is called: under one lock for everybody who decides."""

from __future__ import annotations

from patter_site.accounts.models import Organisation
from recipients.models import Recipient


def locked_recipient(organisation: Organisation | str, e164: str) -> Recipient:
    """The organisation's row of this number, made where it is new, locked until the transaction ends."""
    organisation_id = organisation if isinstance(organisation, str) else organisation.pk
    rows = Recipient.objects.of(organisation_id)
    recipient, _ = rows.get_or_create(e164=e164, defaults={"organisation_id": organisation_id})
    return rows.select_for_update().get(pk=recipient.pk)
