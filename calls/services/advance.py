"""Moving one call by one step: row, timeline and outbox in one transaction.

The row is locked, so that two webhooks at the same moment in two processes have an order. A repeated
webhook is one row of the timeline (``dedupe_key``) and therefore one effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from calls.models import Call, CallEvent, DialAttempt, Leg
from calls.selectors import hang_up_wishes
from calls.services.announce import announce_answered, announce_end, announce_ringing, announce_started
from calls.services.progress import Move, Step, decide
from calls.services.tell_sdk import tell_end, tell_status
from patter_site.common.bus import publish


@dataclass(frozen=True, slots=True)
class Facts:
    """What else is known with a step. Empty fields change nothing.

    ``from_media``: the process that carries the call says so, and knows best why it ended.
    ``duration_s`` counts from the answer, in whole seconds.
    """

    at: datetime | None = None
    duration_s: int | None = None
    outcome: str = ""
    end_reason: str = ""
    blocked_by: str = ""
    error_code: str = ""
    error_message: str = ""
    carrier_call_id: str = ""
    from_media: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """The line in the call's timeline. Without a ``dedupe_key`` every call of advance adds one."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    dedupe_key: str | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """The call as it is now; whether the step changed its status; whether the happening was known already."""

    call: Call
    moved: bool = False
    duplicate: bool = False


@transaction.atomic
def advance_call(*, call_id: str, step: Step, happening: Happening, facts: Facts | None = None) -> Advanced:
    """Make one step known about a call. Safe to repeat and safe in any order.

    Raises Call.DoesNotExist.
    """
    facts = facts or Facts()
    call = locked_call(call_id)
    if not note_event(call, happening):
        return Advanced(call, duplicate=True)
    before = (call.started_at, call.ringing_at, call.answered_at)
    move = decide(_status_for(call, facts), call.answered_at is not None, step)
    _stamp(call, move, facts)
    _settle(call, move, facts)
    call.save()
    _announce(call, before, move, facts)
    if move.ends:
        DialAttempt.objects.of(call.organisation_id).filter(call=call).update(
            progress=DialAttempt.Progress.TERMINAL
        )
        Leg.objects.of(call.organisation_id).filter(call=call, ended_at=None).update(ended_at=call.ended_at)
    if move.status is not None:
        transaction.on_commit(partial(_show, call.organisation_id, call.pk, call.status))
        tell_status(call)
    return Advanced(call, moved=move.status is not None)


def _show(organisation_id: str, call_id: str, status: str) -> None:
    """Tell open pages that the call moved."""
    entry = {"kind": "status", "status": status}
    publish(f"call.{call_id}.live", {"type": "live.entry", "call": call_id, "entry": entry})
    moved = {"type": "live.entry", "call": call_id, "entry": {"kind": "call"}}
    publish(f"organisation.{organisation_id}.live", moved)


def _status_for(call: Call, facts: Facts) -> str:
    """The status that a step starts from.

    A carrier's "completed" may overtake the word of the process that carried the call. As long as the end
    was not announced, that process may still say how it ended.
    """
    overtaken = facts.from_media and call.is_over and call.announced_at is None and call.answered_at
    return Call.Status.IN_PROGRESS if overtaken else call.status


def locked_call(call_id: str) -> Call:
    """The call's row, locked until the transaction ends. Raises Call.DoesNotExist."""
    rows = Call.objects.unscoped("the id was proven by a signature, a token or a scoped lookup")
    return rows.select_for_update(of=("self",)).select_related("organisation").get(pk=call_id)


def note_event(call: Call, happening: Happening) -> bool:
    """Write a line of the timeline. False when the same one is there already."""
    event = CallEvent(
        organisation_id=call.organisation_id,
        call=call,
        kind=happening.kind,
        data=dict(happening.data),
        dedupe_key=happening.dedupe_key,
    )
    if happening.dedupe_key is None:
        event.save()
        return True
    known = CallEvent.objects.of(call.organisation_id).filter(call=call, dedupe_key=happening.dedupe_key)
    if known.exists():  # no race: the call's row is locked
        return False
    event.save()
    return True


def _stamp(call: Call, move: Move, facts: Facts) -> None:
    at = facts.at or timezone.now()
    for name in move.stamps:
        if getattr(call, name) is None:
            setattr(call, name, at)
    if move.ends and call.answered_at and call.ended_at:
        _measure(call, facts.duration_s)


def _measure(call: Call, duration_s: int | None) -> None:
    """The duration, and an answer that was not reported on its own: it lies that long before the end."""
    assert call.answered_at and call.ended_at
    if duration_s is not None and call.answered_at >= call.ended_at:
        call.answered_at = call.ended_at - timedelta(seconds=duration_s)
    if call.duration_s is None:
        measured = (call.ended_at - call.answered_at).total_seconds()
        call.duration_s = max(0, round(measured)) if duration_s is None else duration_s


def _settle(call: Call, move: Move, facts: Facts) -> None:
    if facts.carrier_call_id and not call.carrier_call_id:
        call.carrier_call_id = facts.carrier_call_id
    if move.status is not None:
        call.status = move.status
    if move.ends:
        call.blocked_by = facts.blocked_by
        call.outcome = facts.outcome or call.outcome or move.outcome
        # While a process carries the call it knows better than the carrier why the call ended.
        waits_for_media = call.has_media and not facts.from_media
        # A caller who was transferred has been told of already: whoever hung up last changes nothing in it.
        known = facts.end_reason or call.end_reason
        call.end_reason = _whose(call, known or ("" if waits_for_media else move.reason))
    if call.is_over:
        call.duration_s = facts.duration_s if call.duration_s is None else call.duration_s
        call.error_code = call.error_code or facts.error_code
        call.error_message = call.error_message or facts.error_message


def _whose(call: Call, reason: str) -> str:
    """The reason, as it was. A carrier that we have hung up at may say that the caller has."""
    return hang_up_wishes([call.pk]).get(call.pk, reason) if reason == "caller_hung_up" else reason


def _announce(call: Call, before: tuple[Any, Any, Any], move: Move, facts: Facts) -> None:
    started, ringing, answered = before
    if call.started_at and not started:
        announce_started(call)
    if call.status == Call.Status.RINGING and not ringing:
        announce_ringing(call)
    if call.answered_at and not answered:
        announce_answered(call)
    if move.ends and not facts.from_media and not call.has_media:
        announce_end(call)
        tell_end(call)
