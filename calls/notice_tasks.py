"""The knocks of what carriers told us. Apart from the other tasks, which what is told may wake."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from calls.models import CarrierNotice
from calls.webhooks.notices import forget_old_notices, work_off
from patter_site.common.jobs import is_due, wake
from patter_site.common.sweeps import sweep

NOTICES_AT_ONCE = 50
CLOCKS_S = 0.05
"""A knock that comes before its time finds nothing due."""


@shared_task
def work_off_notice(notice_id: int) -> None:
    again_in_s = work_off(notice_id)
    if again_in_s is not None:  # a callee may be waiting: the sweep would be late
        wake(work_off_notice, notice_id, in_s=again_in_s + CLOCKS_S)


@sweep("carrier notices", every_s=5)
def work_off_due() -> int:
    """What carriers told us whose task never came, or that is to be tried again."""
    rows = CarrierNotice.objects.unscoped("the sweep serves every organisation")
    due = rows.filter(is_due(timezone.now())).order_by("due_at").values_list("pk", flat=True)
    found = list(due[:NOTICES_AT_ONCE])
    for notice_id in found:
        wake(work_off_notice, notice_id)
    return len(found)


@sweep("old carrier notices", every_s=3600)
def forget_notices() -> int:
    return forget_old_notices()
