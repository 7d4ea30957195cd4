"""The calls' knocks: dialling, and looking after calls that nobody looks after."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from calls.models import Dial, Recording
from calls.services.dial import dial_call
from calls.services.record import join_failed, join_recording
from calls.services.sweep import sweep_calls
from patter_site.common.jobs import claim, is_due, wake
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


@shared_task
def join_call_recording(recording_id: str) -> None:
    """Join one recording's segments, if it is still due."""
    rows = Recording.objects.unscoped("the task names one recording")
    recording = rows.filter(pk=recording_id).first()
    if recording is None or not claim(recording, lease_s=120):
        return
    try:
        join_recording(recording)
    except Exception as error:
        join_failed(recording, f"{type(error).__name__}: {error}")


@sweep("recordings", every_s=5)
def join_due() -> int:
    """Recordings whose task never came, or that are to be tried again."""
    rows = Recording.objects.unscoped("the sweep joins for every organisation")
    due = rows.filter(is_due(timezone.now()), status=Recording.Status.PROCESSING)
    found = list(due.order_by("due_at").values_list("pk", flat=True)[:DIALS_AT_ONCE])
    for recording_id in found:
        wake(join_call_recording, recording_id)
    return len(found)
