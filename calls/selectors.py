"""Reading calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from calls.models import Call, CallEvent, Recording, ToolInvocation, Transfer, Turn
from patter_site.accounts.models import Organisation

SPOKEN_ROLES = ("user", "assistant")


def calls_of(organisation: Organisation | str) -> QuerySet[Call]:
    return Call.objects.of(organisation)


def turns_of(call: Call) -> QuerySet[Turn]:
    return Turn.objects.of(call.organisation_id).filter(call=call).order_by("index")


def events_of(call: Call) -> QuerySet[CallEvent]:
    return CallEvent.objects.of(call.organisation_id).filter(call=call).order_by("id")


def recordings_of(call: Call) -> QuerySet[Recording]:
    return Recording.objects.of(call.organisation_id).filter(call=call).order_by("id")


def invocations_of(organisation: Organisation | str) -> QuerySet[ToolInvocation]:
    """Runs of tools, each with its tries."""
    return ToolInvocation.objects.of(organisation).prefetch_related("tries_made")


def ready_recording(call: Call, source: str = "") -> Recording | None:
    """The call's recording: our own where there is one, else the carrier's. ``source`` names one of them."""
    ready = recordings_of(call).filter(status=Recording.Status.READY).exclude(file="")
    if source:
        return ready.filter(source=source).last()
    return ready.filter(source=Recording.Source.BRIDGE).last() or ready.last()


def shown_recording(call: Call) -> Recording | None:
    """The recording that the call's page shows, ready or not: our own where there is one."""
    rows = recordings_of(call)
    return rows.filter(source=Recording.Source.BRIDGE).last() or rows.last()


def transcript_of(call: Call) -> list[dict[str, Any]]:
    """The turns of a call in the public shape."""
    return [turn_row(turn) for turn in turns_of(call)]


def history_of(call: Call) -> list[dict[str, str]]:
    """What was said and heard, as ``[{role, text}]``."""
    turns = turns_of(call).filter(role__in=SPOKEN_ROLES).exclude(text="")
    return [{"role": turn.role, "text": turn.text} for turn in turns]


def turn_row(turn: Turn) -> dict[str, Any]:
    """One turn in the public shape; ``full_text`` and ``latency`` only where there is something to say."""
    row: dict[str, Any] = {
        "turn_id": turn.turn_id,
        "role": turn.role,
        "text": turn.text,
        "started_ms": turn.started_ms,
        "ended_ms": turn.ended_ms,
        "interrupted": turn.interrupted,
    }
    if turn.full_text is not None:
        row["full_text"] = turn.full_text
    if turn.latency is not None:
        row["latency"] = turn.latency
    return row


def recordings_to_join(organisation_id: str, call_id: str) -> QuerySet[Recording]:
    """Recordings of a call that is over, whose segments are not one file yet."""
    rows = Recording.objects.of(organisation_id).filter(call_id=call_id)
    return rows.filter(status=Recording.Status.PROCESSING, source=Recording.Source.BRIDGE)


def transfers_of(call: Call) -> QuerySet[Transfer]:
    """The call's transfers, oldest first."""
    return Transfer.objects.of(call.organisation_id).filter(call=call)


def transfer_of(call: Call, ref: str) -> Transfer | None:
    """One transfer by the call machine's name for it."""
    return transfers_of(call).filter(ref=ref).first()


def verdicts_on(call_id: str) -> list[dict[str, Any]]:
    """What the carrier said of who answered, in order: ``result``, ``detail``, ``beep``, ``occurred_at``."""
    rows = CallEvent.objects.unscoped("the process that carries the call asks about it")
    told = rows.filter(call_id=call_id, kind="machine.detected").order_by("id")
    return [dict(event.data) for event in told]


def hang_up_wishes(call_ids: Iterable[str]) -> dict[str, str]:
    """Those of the calls that somebody has asked to be hung up, each with the first reason."""
    rows = CallEvent.objects.unscoped("the process that carries the calls asks about them")
    asked = rows.filter(call_id__in=list(call_ids), kind="call.hang_up_asked").order_by("-id")
    return {event.call_id: str(event.data.get("reason", "api_hung_up")) for event in asked}
