"""Durable work: a job is a row of ``DurableWork``, and a crash loses nothing.

    for event in claim_due(Event.objects.unscoped("the sweep serves all"), lease_s=60):
        try: deliver(event)
        except CarrierError as error: fail(event, str(error), retry_in_s=backoff_s(event.tries))
        else: finish(event)

A claim is one conditional UPDATE, the same on SQLite and PostgreSQL. ``tries`` fences it: who lost the
lease to another can neither finish nor fail the row any more.
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from patter_site.common.models import DurableWork, NamedLease

logger = structlog.get_logger(__name__)
W = TypeVar("W", bound=DurableWork)
HOLDER = f"{socket.gethostname()[:60]}:{os.getpid()}"
LONGEST_ERROR = 500
LONGEST_COUNTDOWN_S = 60.0
QUEUE_AWAY_S = 5.0
"""As often as the sweep looks."""


def is_due(now: datetime) -> Q:
    """Due, or left by a process whose lease ran out."""
    waiting = Q(state=DurableWork.State.DUE, due_at__lte=now)
    return waiting | Q(state=DurableWork.State.RUNNING, lease_until__lt=now)


def claim_due(rows: QuerySet[W], *, lease_s: float = 60, limit: int = 20) -> list[W]:
    """Take up to ``limit`` due rows, the longest waiting first. Each is ours for ``lease_s`` seconds."""
    now = timezone.now()
    found = list(rows.filter(is_due(now)).order_by("due_at")[:limit])
    return [row for row in found if _claim(row, now, lease_s)]


def claim(row: W, *, lease_s: float = 60) -> bool:
    """Take one row, if it is due and nobody was quicker."""
    return _claim(row, timezone.now(), lease_s)


def _claim(row: DurableWork, now: datetime, lease_s: float) -> bool:
    until = now + timedelta(seconds=lease_s)
    mine = _rows(row).filter(is_due(now), tries=row.tries)
    if not mine.update(state=DurableWork.State.RUNNING, lease_until=until, tries=row.tries + 1):
        return False
    row.state, row.lease_until, row.tries = DurableWork.State.RUNNING, until, row.tries + 1
    return True


def extend(row: DurableWork, *, lease_s: float = 60) -> bool:
    """Keep a claim. False: it was lost, stop."""
    return _change(row, lease_until=timezone.now() + timedelta(seconds=lease_s))


def finish(row: DurableWork) -> bool:
    """The work is done. False: the claim was lost meanwhile, so another does it again."""
    return _change(row, state=DurableWork.State.DONE, due_at=None, lease_until=None, last_error="")


def fail(row: DurableWork, error: str, *, retry_in_s: float | None) -> bool:
    """It did not work: due again in ``retry_in_s`` seconds, or, with None, failed for good.

    ``error`` is a sentence for operators: no speech, digits, phone numbers or keys.
    """
    if retry_in_s is None:
        state, due_at = DurableWork.State.FAILED, None
    else:
        state, due_at = DurableWork.State.DUE, timezone.now() + timedelta(seconds=retry_in_s)
    return _change(row, state=state, due_at=due_at, lease_until=None, last_error=error[:LONGEST_ERROR])


def _change(row: DurableWork, **values: Any) -> bool:
    held = _rows(row).filter(state=DurableWork.State.RUNNING, tries=row.tries)
    if not held.update(**values):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    return True


def _rows(row: DurableWork) -> QuerySet[Any]:
    return type(row)._base_manager.filter(pk=row.pk)


def backoff_s(tries: int, *, base_s: float = 5, longest_s: float = 3600) -> float:
    """Seconds to wait after so many tries: doubling, with a quarter of chance so that crowds spread."""
    doubled: float = base_s * 2 ** max(0, min(tries, 30) - 1)
    return min(longest_s, doubled) * random.uniform(0.75, 1.25)


def tick_lease(name: str, seconds: float) -> bool:
    """Whether this process may run a periodic piece of work now: once in ``seconds``, however many beats."""
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    if NamedLease.objects.filter(name=name, lease_until__lte=now).update(holder=HOLDER, lease_until=until):
        return True
    if NamedLease.objects.filter(name=name).exists():
        return False
    try:
        with transaction.atomic():
            NamedLease.objects.create(name=name, holder=HOLDER, lease_until=until)
    except IntegrityError:
        return False
    return True


def held_ticks() -> set[str]:
    """Names of the leases that have not run out. One question instead of one for each that is not due."""
    held = NamedLease.objects.filter(lease_until__gt=timezone.now())
    return set(held.values_list("name", flat=True))


def release_tick(name: str) -> None:
    """Let the next tick run at once."""
    NamedLease.objects.filter(name=name, holder=HOLDER).update(lease_until=timezone.now())


def wake(task: Any, *args: Any, in_s: float = 0.0) -> None:
    """After the commit, send a Celery task for rows that exist by then. A queue that is down costs only time:
    the sweep finds the rows. ``in_s``: so many seconds later, at most a minute."""
    transaction.on_commit(partial(_send, task, args, in_s))


class _Queue:
    """``away_until``: it did not take a task, and until then nobody waits for it again. As seen from here."""

    away_until = 0.0


def _send(task: Any, args: tuple[Any, ...], in_s: float) -> None:
    if time.monotonic() < _Queue.away_until:
        return
    send: Callable[..., Any] = task.apply_async
    later = {"countdown": min(in_s, LONGEST_COUNTDOWN_S)} if in_s > 0 else {}
    try:
        send(args=args, retry=False, ignore_result=True, **later)
    except Exception as error:
        _Queue.away_until = time.monotonic() + QUEUE_AWAY_S
        logger.warning("The queue did not take a task; the sweep will", task=task.name, reason=str(error))
