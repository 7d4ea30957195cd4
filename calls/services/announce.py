"""What a call tells the customer's servers: events in the outbox, in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from calls.models import Call, Transfer
from calls.selectors import history_of, transcript_of
from patter_site.events.services import record_event


def call_data(call: Call) -> dict[str, Any]:
    """What every event of a call says about it."""
    return {
        "call_id": call.pk,
        "direction": call.direction,
        "from": call.from_number,
        "to": call.to_number,
        "agent_id": call.agent_id,
        "number_id": call.number_id,
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


def announce_transferred(call: Call, transfer: Transfer) -> None:
    _write(call, "call.transferred", _about(transfer))


def announce_transfer_failed(call: Call, transfer: Transfer) -> None:
    _write(call, "call.transfer_failed", {**_about(transfer), "reason": transfer.reason})


def _about(transfer: Transfer) -> dict[str, Any]:
    return {
        "transfer_id": transfer.pk,
        "target": transfer.target,
        "number": transfer.number,
        "kind": transfer.kind,
        "asked_by": transfer.asked_by,
    }


def announce_end(call: Call, history: Sequence[Mapping[str, str]] | None = None) -> None:
    """``call.ended`` for a call that was answered, ``call.failed`` for any other: one of them, once."""
    if call.announced_at is not None:
        return
    call.announced_at = timezone.now()
    call.save(update_fields=["announced_at"])
    if call.answered_at is None:
        _write(call, "call.failed", _end_of(call))
        return
    said = list(history) if history is not None else history_of(call)
    _write(call, "call.ended", {**_end_of(call), **_length_of(call), "history": said})
    if turns := transcript_of(call):
        _write(call, "call.transcript", {"turns": turns})


def _end_of(call: Call) -> dict[str, Any]:
    end = {
        "status": call.status,
        "outcome": call.outcome,
        "end_reason": call.end_reason,
        "ended_at": _iso(call.ended_at),
    }
    failed = {"error_code": call.error_code, "error_message": call.error_message} if call.error_code else {}
    return {**end, **failed}


def _length_of(call: Call) -> dict[str, Any]:
    """The length under its own name, and under the two that the SDK's ``call_end`` has."""
    seconds = call.duration_s or 0
    return {
        "started_at": _iso(call.started_at),
        "answered_at": _iso(call.answered_at),
        "duration_s": seconds,
        "duration": seconds,
        "duration_seconds": seconds,
    }


def _write(call: Call, kind: str, data: Mapping[str, Any]) -> None:
    record_event(organisation=call.organisation_id, type=kind, subject=call, data={**call_data(call), **data})


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
