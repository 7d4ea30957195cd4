"""The tick, and this room's own sweeps."""

from __future__ import annotations

from celery import shared_task

from patter_site.common.idempotency import delete_expired
from patter_site.common.sweeps import run_due_sweeps, sweep


@shared_task
def run_sweeps() -> None:
    run_due_sweeps()


@sweep("idempotency", every_s=3600)
def forget_old_answers() -> int:
    return delete_expired()
