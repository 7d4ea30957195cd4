"""What SDKs are told of calls that no process carries: before the answer, and ends that others find."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from calls.models import Call
from calls.sdk.addresses import calls_group, doors_group
from calls.sdk.facts import Frame, call_end
from calls.selectors import history_of, transcript_of
from patter_site.common.bus import publish

WORDS = {Call.Status.IN_PROGRESS.value: "answered"}
"""Statuses that SDKs know under another word."""
UNTOLD = "untold."
"""Before the address of whoever had a call: that it is over is not told yet."""
UNTOLD_FOR_S = 300
"""A client that comes back later than this has missed it. It may look the call up."""


def note_connection(call_id: str, group: str) -> None:
    """This connection has the call. Should the call's process be lost, it is told of the end."""
    rows = Call.objects.unscoped("asked by the process that carries the call")
    rows.filter(pk=call_id).update(reply_to=group)


def take_end(organisation_id: str, call_id: str, owner: str, group: str) -> Frame | None:
    """The end of a call of which nobody was told, for this connection's client. Only one connection gets it.

    ``owner`` is the bus address of whoever had the call; empty: nobody had it.
    """
    calls = Call.objects.of(organisation_id).filter(pk=call_id)
    if not calls.filter(reply_to=_untold(owner)).update(reply_to=group):
        return None
    call = calls.get()
    return call_end(
        call.pk,
        reason=call.end_reason or call.outcome,
        duration_s=float(call.duration_s or 0),
        history=history_of(call),
        transcript=transcript_of(call),
        status=call.status,
    )


def untold_ends(organisation_id: str) -> list[tuple[float, Frame]]:
    """The ends of a while ago that found nobody: how long each lies back in seconds, and its message.

    Whoever had these calls was away with the process that carried them. Where nobody had a call, nobody
    misses its end.
    """
    now = timezone.now()
    lost = Call.objects.of(organisation_id).filter(
        ended_at__gte=now - timedelta(seconds=UNTOLD_FOR_S), reply_to__startswith=UNTOLD
    )
    return [((now - call.ended_at).total_seconds(), _over(call)) for call in lost if call.ended_at]


def tell_status(call: Call) -> None:
    """The call moved on. Only whoever placed it is told: others hear of calls when they are answered."""
    if call.direction != Call.Direction.OUTBOUND or call.is_over:
        return
    word = WORDS.get(call.status, call.status)
    _tell(call, {"type": "call_status", "call_id": call.pk, "status": word})


def tell_end(call: Call) -> None:
    """The call is over, and the process that carried it, if there was one, did not say so.

    The connection that had the call takes the end (``take_end``) and tells its client. Where none had it, or
    that one is gone, one of those does that answer for the number or agent; also one that comes later.
    """
    if call.reply_to and not call.reply_to.startswith(UNTOLD):
        call.reply_to = _untold(call.reply_to)
        call.save(update_fields=["reply_to"])
    transaction.on_commit(partial(publish, doors_group(call.organisation_id), _over(call)))


def _untold(owner: str) -> str:
    return f"{UNTOLD}{owner}" if owner else ""


def _over(call: Call) -> Frame:
    """The message that asks who tells this end."""
    own = call.to_number if call.direction == Call.Direction.INBOUND else call.from_number
    return {
        "type": "sdk.over",
        "call_id": call.pk,
        "number": own,
        "agent_id": call.agent_id or "",
        "owner": call.reply_to.removeprefix(UNTOLD),
    }


def tell_machine(call: Call, result: str) -> None:
    """Whether a person answered, to the SDK of the call."""
    frame = {"type": "machine_detection", "call_id": call.pk, "result": result}
    message = {"type": "sdk.note", "call_id": call.pk, "frame": frame}
    transaction.on_commit(partial(publish, calls_group(call.organisation_id), message))


def _tell(call: Call, frame: Frame) -> None:
    if call.reply_to:
        message = {"type": "sdk.tell", "frame": frame}
        transaction.on_commit(partial(publish, call.reply_to, message))
