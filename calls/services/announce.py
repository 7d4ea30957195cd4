"""What a call tells the customer's servers: events in the outbox, in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from calls.models import Call
from calls.selectors import history_of, transcript_of
from patter_site.events.services import record_event


def call_data(call: Call) -> dict[str, Any]:
    """What every event of a call says about it."""
    return {
        "call_id": call.pk,
        "direction": call.direction,
        "status": call.status,
        "from": call.from_number,
        "to": call.to_number,
        "agent_id": call.agent_id,
        "custom_params": call.custom_params,
        "metadata": call.metadata,
        "simulated": call.simulated,
    }


def announce_started(call: Call) -> None:
    _write(call, "call.started", {"started_at": _iso(call.started_at)})


def announce_ringing(call: Call) -> None:
    _write(call, "call.ringing", {"ringing_at": _iso(call.ringing_at)})


def announce_answered(call: Call) -> None:
    _write(call, "call.answered", {"answered_at": _iso(call.answered_at)})


def announce_machine(call: Call, result: str) -> None:
    _write(call, "call.machine_detected", {"result": result})


def announce_end(call: Call, history: Sequence[Mapping[str, str]] | None = None) -> None:
    """``call.ended`` for a call that was answered, ``call.failed`` for one that was not: one of them, once."""
    if call.announced_at is not None:
        return
    call.announced_at = timezone.now()
    call.save(update_fields=["announced_at"])
    seconds = call.duration_s
    ended: dict[str, Any] = {
        "outcome": call.outcome,
        "reason": call.end_reason,
        "error_code": call.error_code or None,
        "answered_at": _iso(call.answered_at),
        "ended_at": _iso(call.ended_at),
        "duration": seconds,
        "duration_seconds": seconds,
    }
    if call.answered_at is None:
        _write(call, "call.failed", ended)
        return
    said = list(history) if history is not None else history_of(call)
    turns = transcript_of(call)
    _write(call, "call.ended", {**ended, "history": said})
    if turns:
        _write(call, "call.transcript", {"turns": turns})


def _write(call: Call, kind: str, data: Mapping[str, Any]) -> None:
    record_event(
        organisation=call.organisation,
        type=kind,
        subject_type="call",
        subject_id=call.pk,
        data={**call_data(call), **data},
    )


def _iso(at: Any) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
