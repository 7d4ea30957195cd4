"""Carrier accounts that several organisations have entered: whom does a webhook mean that names none?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from django.db.models import Count

from patter_site.common.doctor import Finding, doctor_check, warn
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber


@doctor_check("accounts")
def check_shared_accounts() -> Iterator[Finding]:
    rows = CarrierAccount.objects.unscoped("the doctor looks at the whole installation")
    accounts = sorted(rows.filter(simulated=False), key=_name_at_carrier)
    for (carrier, _), entered in groupby(accounts, key=_name_at_carrier):
        same = sorted(account.pk for account in entered)
        if len(same) > 1:
            yield _finding(carrier, same)


def _name_at_carrier(account: CarrierAccount) -> tuple[str, str]:
    """What a webhook names: the account, or the connection."""
    return account.carrier, account.account_sid or account.connection_id


def _finding(carrier: str, same: list[str]) -> Finding:
    numbers = PhoneNumber.objects.unscoped("the doctor looks at the whole installation")
    numbers = numbers.filter(carrier_account__in=same).values("number").annotate(rows=Count("pk"))
    twice = numbers.filter(rows__gt=1).count()
    refused = f", and calls to {twice} of their numbers, which several have, are refused" if twice else ""
    return warn(
        f"{', '.join(same)} are the same account at {Carrier(carrier).label}: what comes to "
        f"/webhooks/{carrier} without an account's id goes to the one that has the number{refused}.",
        "Configure the numbers (POST /api/v1/numbers/{id}/configure): then their webhooks name the account.",
    )
