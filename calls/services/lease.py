"""Which process carries a call. It renews the lease; when it stops doing so, the sweep ends the call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from calls.models import Call
from calls.services.tokens import LEASE_S


def renew_leases(*, call_ids: Sequence[str], owner: str, lease_s: int = LEASE_S) -> set[str]:
    """Renew the leases of all calls of a process in one statement.

    Returns the calls that it still owns; another process has taken the rest over, or they are over.
    """
    rows = Call.objects.unscoped("one process carries calls of many organisations").filter(
        pk__in=list(call_ids), lease_owner=owner
    )
    rows = rows.exclude(status__in=Call.TERMINAL)
    rows.update(lease_until=timezone.now() + timedelta(seconds=lease_s))
    return set(rows.values_list("pk", flat=True))


def release_lease(*, call_id: str, owner: str, grace_s: int = 0) -> None:
    """Stop carrying a call whose socket closed; after ``grace_s`` without another one it counts as lost."""
    rows = Call.objects.unscoped("one process carries calls of many organisations")
    until = timezone.now() + timedelta(seconds=grace_s)
    rows.filter(pk=call_id, lease_owner=owner).update(lease_until=until)
