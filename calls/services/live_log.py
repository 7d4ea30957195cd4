"""What a live call says about itself, as rows. Safe to repeat: every entry is stored once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from calls.models import Call, CallEvent, Leg, Turn
from calls.services.advance import Facts, Happening, advance_call
from calls.services.finish import finish_call
from calls.services.progress import Step
from calls.services.record import finish_recording, store_piece, store_rest
from calls.services.transfer import TransferNews, note_transfer
from patter.bridge.records import (
    CallConnected,
    CallEnded,
    Entry,
    Interim,
    Noted,
    RecordingPiece,
    TransferNoted,
    TurnSettled,
)


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """What the log must know about a call without asking the database."""

    call_id: str
    organisation_id: str
    providers: dict[str, str] = field(default_factory=dict)


Logged = tuple[LoggedCall, int, Entry]
"""An entry, whose it is, and its sequence number."""


def store_entries(call: LoggedCall, entries: Sequence[tuple[int, Entry]]) -> None:
    """Store entries of one call, each with its sequence number.

    Files are written before the transaction: a storage that is slow must not hold locks.
    """
    _store_pieces((call, sequence, entry) for sequence, entry in entries)
    if any(isinstance(entry, CallEnded) for _, entry in entries):
        store_rest(call.organisation_id, call.call_id)
    with transaction.atomic():
        store_notes_and_turns([(call, sequence, entry) for sequence, entry in entries])
        for _, entry in entries:
            if isinstance(entry, CallConnected):
                _connected(call, entry)
            elif isinstance(entry, TransferNoted):
                note_transfer(call_id=call.call_id, news=_transfer_news(entry))
    for _, entry in entries:
        if isinstance(entry, CallEnded):
            _ended(call, entry)


def store_talk(entries: Sequence[Logged]) -> None:
    """Notes, turns and pieces of recordings of calls that wrote nothing else."""
    store_notes_and_turns(entries)
    _store_pieces(entries)


def _store_pieces(entries: Iterable[Logged]) -> None:
    for call, _, entry in entries:
        if isinstance(entry, RecordingPiece):
            store_piece(call.organisation_id, call.call_id, entry)


@transaction.atomic
def store_notes_and_turns(entries: Sequence[Logged]) -> None:
    """What all calls said in a while, in two statements. The text for search follows at each call's end."""
    events = [event for entry in entries if (event := _event(*entry))]
    turns = [turn for entry in entries if (turn := _turn(*entry))]
    if events:
        CallEvent.objects.bulk_create(events, ignore_conflicts=True, batch_size=500)
    if turns:
        Turn.objects.bulk_create(turns, ignore_conflicts=True, batch_size=500)


def entry_summary(entry: Entry) -> dict[str, Any]:
    """An entry as open pages and terminals are told of it."""
    match entry:
        case Interim(role, text, at_ms):
            return {"kind": "interim", "role": role, "text": text, "at_ms": at_ms}
        case TurnSettled():
            return {
                "kind": "turn",
                "index": entry.index,
                "turn_id": entry.turn_id,
                "role": entry.role,
                "text": entry.text,
                "full_text": entry.full_text,
                "started_ms": entry.started_ms,
                "interrupted": entry.interrupted,
                "latency": dict(entry.latency) if entry.latency else None,
            }
        case Noted(kind, at_ms, data):
            return {"kind": "event", "event": kind, "at_ms": at_ms, "data": dict(data)}
        case TransferNoted():
            return {"kind": "transfer", "state": entry.state, "at_ms": entry.at_ms, "reason": entry.reason}
        case CallEnded(reason, duration_ms):
            return {"kind": "status", "status": "ended", "reason": reason, "duration_ms": duration_ms}
        case _:
            return {"kind": "status", "status": "connected"}


def _event(call: LoggedCall, sequence: int, entry: Entry) -> CallEvent | None:
    if not isinstance(entry, Noted):
        return None
    return CallEvent(
        organisation_id=call.organisation_id,
        call_id=call.call_id,
        kind=entry.kind,
        at_ms=entry.at_ms,
        data=dict(entry.data),
        dedupe_key=f"log:{sequence}",
    )


def _turn(call: LoggedCall, _sequence: int, entry: Entry) -> Turn | None:
    if not isinstance(entry, TurnSettled):
        return None
    return Turn(
        organisation_id=call.organisation_id,
        call_id=call.call_id,
        index=entry.index,
        turn_id=entry.turn_id,
        role=entry.role,
        text=entry.text,
        full_text=entry.full_text,
        started_ms=entry.started_ms,
        ended_ms=entry.ended_ms,
        interrupted=entry.interrupted,
        latency=dict(entry.latency) if entry.latency else None,
    )


def _connected(call: LoggedCall, entry: CallConnected) -> None:
    advance_call(
        call_id=call.call_id,
        step=Step.ANSWERED,
        happening=Happening("media.connected", {"stream_id": entry.stream_id}, f"media:{entry.stream_id}"),
        facts=Facts(carrier_call_id=entry.carrier_call_id),
    )
    Leg.objects.of(call.organisation_id).get_or_create(
        call_id=call.call_id,
        stream_id=entry.stream_id,
        defaults={"organisation_id": call.organisation_id, "carrier_call_id": entry.carrier_call_id},
    )


def _transfer_news(entry: TransferNoted) -> TransferNews:
    return TransferNews(
        entry.transfer_id,
        entry.state,
        entry.reason,
        target=entry.target,
        number=entry.number,
        kind=entry.kind,
        summary=entry.summary,
        asked_by=entry.asked_by,
    )


def _ended(call: LoggedCall, entry: CallEnded) -> None:
    finish_call(
        call.call_id,
        end_reason=entry.reason,
        duration_ms=entry.duration_ms,
        transcript=entry.transcript,
        history=entry.history,
        usage=entry.usage,
        providers=call.providers,
    )
    row = Call.objects.of(call.organisation_id).get(pk=call.call_id)
    Leg.objects.of(call.organisation_id).filter(call_id=call.call_id, ended_at=None).update(
        ended_at=row.ended_at
    )
    finish_recording(call.organisation_id, call.call_id, entry.duration_ms)
