"""What SDKs are told of calls that no process carries: before the answer, and ends that others find."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from calls.models import Call
from calls.sdk.addresses import calls_group, doors_group
from calls.sdk.facts import Frame, call_end
from calls.selectors import history_of, transcript_of
from patter_site.common.bus import publish

WORDS = {Call.Status.IN_PROGRESS.value: "answered"}
"""Statuses that SDKs know under another word."""


def note_connection(call_id: str, group: str) -> None:
    """This connection has the call. Should the call's process be lost, it is told of the end."""
    rows = Call.objects.unscoped("asked by the process that carries the call")
    rows.filter(pk=call_id).update(reply_to=group)


def take_end(organisation_id: str, call_id: str, group: str) -> bool:
    """Whether this connection tells its client the end of a call that nobody had. Only one does."""
    nobody_had_it = Call.objects.of(organisation_id).filter(pk=call_id, reply_to="")
    return bool(nobody_had_it.update(reply_to=group))


def tell_status(call: Call) -> None:
    """The call moved on. Only whoever placed it is told: others hear of calls when they are answered."""
    if call.direction != Call.Direction.OUTBOUND or call.is_over:
        return
    word = WORDS.get(call.status, call.status)
    _tell(call, {"type": "call_status", "call_id": call.pk, "status": word})


def tell_end(call: Call) -> None:
    """The call is over, and the process that carried it, if there was one, did not say so.

    Where no connection ever had the call, those that answer for its number or agent are asked, and the first
    that takes it (``take_end``) is told.
    """
    frame = call_end(
        call.pk,
        reason=call.end_reason or call.outcome,
        duration_s=float(call.duration_s or 0),
        history=history_of(call),
        transcript=transcript_of(call),
        status=call.status,
    )
    if call.reply_to:
        _tell(call, frame)
        return
    own = call.to_number if call.direction == Call.Direction.INBOUND else call.from_number
    told = {"type": "sdk.over", "number": own, "agent_id": call.agent_id or "", "frame": frame}
    transaction.on_commit(partial(publish, doors_group(call.organisation_id), told))


def tell_machine(call: Call, result: str) -> None:
    """Whether a person answered, to the SDK of the call."""
    frame = {"type": "machine_detection", "call_id": call.pk, "result": result}
    message = {"type": "sdk.note", "call_id": call.pk, "frame": frame}
    transaction.on_commit(partial(publish, calls_group(call.organisation_id), message))


def _tell(call: Call, frame: Frame) -> None:
    if call.reply_to:
        message = {"type": "sdk.tell", "frame": frame}
        transaction.on_commit(partial(publish, call.reply_to, message))
