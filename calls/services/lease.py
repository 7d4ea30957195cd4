"""Which process carries a call. It renews the lease; when it stops doing so, the sweep ends the call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from calls.models import Call


def renew_leases(*, call_ids: Sequence[str], owner: str) -> set[str]:
    """Renew the leases of all calls of a process in one statement.

    Returns the calls that it still owns; another process has taken the rest over, or they are over.
    """
    # A lease that was given back stays so: how a call ends that was transferred away, the carrier tells.
    rows = Call.objects.unscoped("one process carries calls of many organisations").filter(
        pk__in=list(call_ids), lease_owner=owner, lease_until__isnull=False
    )
    rows = rows.exclude(status__in=Call.TERMINAL)
    rows.update(lease_until=timezone.now() + timedelta(seconds=settings.PATTER_LEASE_S))
    return set(rows.values_list("pk", flat=True))


def release_lease(*, call_id: str) -> None:
    """Nobody carries this call."""
    rows = Call.objects.unscoped("one process carries calls of many organisations")
    rows.filter(pk=call_id).update(lease_until=None)
