"""Working off what carriers told us."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.utils import timezone

from calls.models import CarrierNotice
from calls.webhooks.telnyx_events import Told, carry_out, give_up
from calls.webhooks.telnyx_transfer import TooEarly
from patter.carriers.telnyx.webhooks import read_webhook
from patter.errors import CarrierError
from patter_site.common import stopping
from patter_site.common.jobs import backoff_s, claim, fail, finish

logger = structlog.get_logger(__name__)
LEASE_S = 15
"""So long a callee may wait in silence for a worker that was killed: twice as long as what is asked takes."""
MAX_TRIES = 6
EARLY_TRIES, EARLY_S = 4, 0.5
"""So often, and so long each time, an event waits for what is being written down."""
KEPT = timedelta(days=2)
"""How long event ids are known. A replay is void after five minutes; no carrier repeats itself for days."""
BATCH = 500


def work_off(notice_id: int) -> float | None:
    """Do what one notice asks for, if it is due and nobody else does. Never inside a transaction.

    Returns in how many seconds it is due again; None: it is not.
    """
    rows = CarrierNotice.objects.unscoped("a job is found by its id")
    notice = rows.select_related("carrier_account__organisation").filter(pk=notice_id).first()
    if notice is None or _is_for_the_next_process(notice) or not claim(notice, lease_s=LEASE_S):
        return None
    if notice.tries > MAX_TRIES:
        # Whoever worked on it broke, each time. It would break them for as long as it is known.
        fail(notice, "given up", retry_in_s=None)
        _forget_body(notice)
        return None
    waits = notice.tries <= EARLY_TRIES
    told = Told(read_webhook(notice.body.encode()), notice.carrier_account, notice.base, waits)
    try:
        carry_out(told)
    except TooEarly:
        fail(notice, "too early", retry_in_s=EARLY_S)
        return EARLY_S
    except CarrierError as error:
        return _failed(notice, told, error)
    finish(notice)
    _forget_body(notice)
    return None


def _is_for_the_next_process(notice: CarrierNotice) -> bool:
    """Whether it begins a call that nobody here could carry: it rings until the next process answers."""
    begins = notice.kind == "call.initiated" and stopping.takes_no_calls()
    return begins and read_webhook(notice.body.encode()).is_incoming


def _failed(notice: CarrierNotice, told: Told, error: CarrierError) -> float | None:
    again = not error.permanent and notice.tries < MAX_TRIES
    logger.warning("The carrier did not take a command", kind=notice.kind, code=error.code, again=again)
    if not again:
        give_up(told, error)
    retry_in_s = backoff_s(notice.tries, base_s=0.5, longest_s=10) if again else None
    fail(notice, f"{error.code}: {error}", retry_in_s=retry_in_s)
    if not again:
        _forget_body(notice)
    return retry_in_s


def _forget_body(notice: CarrierNotice) -> None:
    """Numbers and headers of callers are kept in the call's row, and nowhere else."""
    CarrierNotice.objects.unscoped("this job's own row").filter(pk=notice.pk).update(body="")


def forget_old_notices() -> int:
    """Remove what nobody will be told again."""
    rows = CarrierNotice.objects.unscoped("the sweep serves every organisation")
    old = rows.filter(created_at__lt=timezone.now() - KEPT).values_list("pk", flat=True)[:BATCH]
    return rows.filter(pk__in=list(old)).delete()[0]
