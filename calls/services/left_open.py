"""Calls that are over here, and perhaps not at their carrier: a line left open costs money for silence.

A request to hang up may be lost three times, and so may the word that a last text was spoken. The carrier's
own word on the end is the proof; where it does not come, it is asked once more.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from calls.models import Call, CallEvent
from calls.services.advance import Happening, locked_call, note_event
from calls.services.control import end_at_carrier

AFTER = timedelta(minutes=5)
"""Longer than any last text takes to be spoken."""
FOR = timedelta(hours=5)
"""Longer than any call may last at a carrier."""
BATCH = 100
CLOSED = "carrier.closed"
TELNYX_END = "telnyx:call.hangup"
TWILIO_ENDS = ("completed", "busy", "failed", "no-answer", "canceled")


def _proof() -> Q:
    """The lines of a timeline that say that the carrier knows of the end."""
    proven = Q(dedupe_key__in=(TELNYX_END, CLOSED))
    for word in TWILIO_ENDS:
        proven |= Q(dedupe_key__startswith=f"status:{word}:")
    return proven


def left_open() -> list[str]:
    """Calls that ended here a while ago, and of whose end the carrier has not said a word."""
    now = timezone.now()
    rows = Call.objects.unscoped("the sweep serves every organisation").filter(
        ended_at__gt=now - FOR,
        ended_at__lt=now - AFTER,
        status__in=Call.TERMINAL,
        carrier_account__isnull=False,
    )
    told = CallEvent.objects.unscoped("of these calls").filter(_proof(), call=OuterRef("pk"))
    rows = rows.exclude(carrier_call_id="").exclude(Exists(told)).order_by("ended_at")
    return list(rows.values_list("pk", flat=True)[:BATCH])


def close_line(call: Call) -> None:
    """Have the carrier hang up, unless it has told the end itself. Never inside a transaction.

    Raises CarrierRefused.
    """
    told = CallEvent.objects.of(call.organisation_id).filter(_proof(), call=call)
    if told.exists():
        return
    end_at_carrier(call)
    with transaction.atomic():
        call = locked_call(call.pk)
        if call.is_over:
            note_event(call, Happening(CLOSED, {}, CLOSED))
