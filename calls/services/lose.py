"""The end of a call whose process is gone: what is known is kept, measured and told."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from calls.models import Leg
from calls.services.advance import Facts, Happening, advance_call, locked_call
from calls.services.announce import announce_end
from calls.services.finish import meter, release
from calls.services.progress import Step
from calls.services.record import finish_recording
from calls.services.tell_sdk import tell_end

logger = structlog.get_logger(__name__)
MESSAGE = "The process that carried this call was lost."


@transaction.atomic
def lose_call(call_id: str) -> bool:
    """End a call that nobody carries any more. False when it turned out to be well. Safe to repeat.

    The carrier may have reported its end already; why it ended is known only here.
    """
    call = locked_call(call_id)
    if call.has_media or call.announced_at is not None:
        return False
    ended_at = call.ended_at or timezone.now()
    duration_ms = _ms_between(call.answered_at, ended_at)
    facts = Facts(
        at=ended_at,
        end_reason="worker_lost",
        error_code="worker_lost",
        error_message=MESSAGE,
        from_media=True,
    )
    happening = Happening("call.swept", {"reason": "worker_lost"}, "swept:worker_lost")
    call = advance_call(call_id=call_id, step=Step.FAILED, happening=happening, facts=facts).call
    # What the engines used is lost with the process; how long the line was open is known.
    meter(call, {"media_ms": duration_ms}, {}, estimated=True)
    announce_end(call)
    tell_end(call)
    release(call)
    Leg.objects.of(call.organisation_id).filter(call=call, ended_at=None).update(ended_at=ended_at)
    finish_recording(call.organisation_id, call.pk, duration_ms)
    logger.warning("A call was ended because its process was lost", call=call_id)
    return True


def _ms_between(began: datetime | None, ended: datetime) -> int:
    return max(0, round((ended - began).total_seconds() * 1000)) if began else 0
