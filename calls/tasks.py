"""The calls' knocks: dialling, and looking after calls that nobody looks after."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from calls.models import Dial
from calls.services.dial import dial_call
from calls.services.sweep import sweep_calls
from patter_site.common.jobs import is_due, wake
from patter_site.common.sweeps import sweep

DIALS_AT_ONCE = 50


@shared_task
def dial(call_id: str) -> None:
    dial_call(call_id)


@sweep("calls", every_s=5)
def end_lost_calls() -> int:
    return sweep_calls()


@sweep("dials", every_s=5)
def dial_due() -> int:
    """Calls whose task never came, that are to be tried again, or whose hour has come."""
    rows = Dial.objects.unscoped("the sweep dials for every organisation")
    due = rows.filter(is_due(timezone.now())).order_by("due_at").values_list("pk", flat=True)
    found = list(due[:DIALS_AT_ONCE])
    for call_id in found:
        wake(dial, call_id)
    return len(found)
