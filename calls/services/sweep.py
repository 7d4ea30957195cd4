"""Calls that nobody looks after any more: found every few seconds, and ended with the reason.

Every rule is a query on columns with an index, and every end goes through ``advance_call``, so two sweeps
at once are harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.models import Call, Dial
from calls.services.advance import Facts, Happening, advance_call, locked_call
from calls.services.announce import announce_end
from calls.services.finish import index_transcript
from calls.services.lose import lose_call
from calls.services.progress import Step
from calls.services.tell_sdk import tell_end
from patter.carriers.kinds import stays_up

logger = structlog.get_logger(__name__)

NO_MEDIA_S = 60
DIAL_LEASE_OVER_S = 5
UNKNOWN_AFTER_S = 300
# An outbound call that the carrier queues may wait long before it rings.
SILENT_CARRIER = timedelta(hours=4, minutes=30)
BATCH = 100


def sweep_calls(on_silent_line: Callable[[str], object] | None = None) -> int:
    """End what is lost. Returns how many calls were touched.

    ``on_silent_line`` is told of each call that ended here and that its carrier keeps on a silent line.
    """
    no_media = _no_media()
    for call_id in no_media:
        if on_silent_line is not None and stays_up(_carrier_of(call_id)):
            on_silent_line(call_id)
    rules = (_unknown_dials, _silent_carriers, _silent_transfers, _unannounced)
    return len(no_media) + sum(rule() for rule in rules)


def _carrier_of(call_id: str) -> str:
    rows = Call.objects.unscoped("the sweep serves every organisation").filter(pk=call_id)
    return rows.values_list("carrier", flat=True).get()


def lose_calls() -> list[str]:
    """End the calls whose process stopped renewing its lease. Returns those the carrier may still hold."""
    rows = Call.objects.unscoped("the sweep serves every organisation").filter(
        stream_used__gt=0, lease_until__lt=timezone.now(), announced_at=None
    )
    found = list(rows.values_list("pk", "status")[:BATCH])
    return [pk for pk, status in found if lose_call(pk) and status not in Call.TERMINAL]


def _no_media() -> list[str]:
    """Answered, but the carrier never opened the media socket."""
    before = timezone.now() - timedelta(seconds=NO_MEDIA_S)
    waiting = Q(status=Call.Status.IN_PROGRESS, answered_at__lt=before) | Q(
        status=Call.Status.RINGING, direction=Call.Direction.INBOUND, ringing_at__lt=before
    )
    rows = _live().filter(waiting, stream_used=0)
    return _end_all(rows, Step.FAILED, "carrier_error", "The carrier never opened the media socket.")


def _unknown_dials() -> int:
    """The request to dial was never answered, and no callback came."""
    before = timezone.now() - timedelta(seconds=UNKNOWN_AFTER_S)
    sent = Dial.objects.unscoped("the sweep serves every organisation").filter(sent_at__lt=before)
    rows = _live().filter(
        status=Call.Status.DIALLING, carrier_call_id="", pk__in=sent.values("pk"), started_at__lt=before
    )
    return len(_end_all(rows, Step.UNKNOWN, "", "The carrier did not answer the request to dial."))


def _silent_carriers() -> int:
    """The last word of the carrier lies longer back than any call can last."""
    before = timezone.now() - SILENT_CARRIER
    rows = _live().filter(
        status__in=[Call.Status.DIALLING, Call.Status.RINGING], started_at__lt=before, stream_used=0
    )
    return len(_end_all(rows, Step.UNKNOWN, "", "The carrier never said what became of this call."))


def _silent_transfers() -> int:
    """A caller and a human to whom nobody listens any more, and whose end the carrier never told."""
    before = timezone.now() - SILENT_CARRIER
    rows = _live().filter(status=Call.Status.TRANSFERRING, lease_until=None, answered_at__lt=before)
    return len(_end_all(rows, Step.COMPLETED, "transferred", "The carrier never said when this call ended."))


def _unannounced() -> int:
    """The carrier reported the end, and the process that carried the call never handed over its part."""
    rows = Call.objects.unscoped("the sweep serves every organisation").filter(
        Q(lease_until=None) | Q(lease_until__lt=timezone.now()),
        status__in=Call.TERMINAL,
        announced_at=None,
    )
    return sum(_announce(call_id) for call_id in rows.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _announce(call_id: str) -> int:
    call = locked_call(call_id)
    if call.announced_at is not None or call.has_media:
        return 0
    if not call.end_reason:
        call.end_reason = "caller_hung_up"
        call.save(update_fields=["end_reason"])
    # Whoever carried the call would have done this at its end.
    index_transcript(call)
    announce_end(call)
    tell_end(call)
    return 1


def _live() -> QuerySet[Call]:
    rows = Call.objects.unscoped("the sweep serves every organisation")
    return rows.exclude(status__in=Call.TERMINAL)


def _end_all(rows: QuerySet[Call], step: Step, reason: str, message: str) -> list[str]:
    ended = []
    for call_id in rows.values_list("pk", flat=True)[:BATCH]:
        happening = Happening("call.swept", {"reason": reason or step.value}, f"swept:{reason or step.value}")
        facts = Facts(end_reason=reason, error_code=reason or step.value, error_message=message)
        if advance_call(call_id=call_id, step=step, happening=happening, facts=facts).moved:
            ended.append(call_id)
        logger.warning("A call was ended by the sweep", call=call_id, reason=reason or step.value)
    return ended
