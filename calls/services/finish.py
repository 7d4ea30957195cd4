"""The end of a call, told by the process that carried it. May come before or after the carrier's own word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from billing.services import record_usage
from calls.models import Call, Transcript, Turn
from calls.search import indexed
from calls.selectors import turns_of
from calls.services.advance import Facts, Happening, advance_call, locked_call
from calls.services.announce import announce_end
from calls.services.machine import settle_machine
from calls.services.progress import Step

# What went wrong; everything else is an ordinary end of an answered call.
BROKEN = frozenset({"failed", "carrier_error", "provider_error", "handler_lost", "worker_lost"})
STEPS = {
    "busy": Step.BUSY,
    "no_answer": Step.NO_ANSWER,
    "declined": Step.DECLINED,
    "cancelled": Step.CANCELLED,
    "blocked": Step.BLOCKED,
}
OUTCOMES = {"machine": "machine", "voicemail": "voicemail_left"}
UNITS = {"ms": "ms", "s": "s", "characters": "characters", "tokens": "tokens", "bytes": "bytes"}


@transaction.atomic
def finish_call(
    call_id: str,
    *,
    end_reason: str,
    duration_ms: int,
    transcript: Sequence[Mapping[str, Any]],
    history: Sequence[Mapping[str, str]],
    usage: Mapping[str, int],
    providers: Mapping[str, str] | None = None,
) -> Call:
    """End a call from the media side. Safe to repeat: what is written stays, what was missing is added.

    Args:
        end_reason: from the closed list of end reasons.
        duration_ms: how long media flowed.
        transcript: every turn, as ``patter.bridge.records.TranscriptRow``.
        history: ``[{role, text}]``, heard text only.
        usage: meter to quantity; the meter's last word is its unit, such as ``tts_characters``.
        providers: meter to provider, for the usage rows.
    """
    call = locked_call(call_id)
    save_turns(call, transcript)
    settle_machine(call)
    step = STEPS.get(end_reason, Step.FAILED if end_reason in BROKEN else Step.COMPLETED)
    transferred = end_reason == "transferred"
    if transferred and not call.is_over:
        # Caller and human speak on without us. The row ends when the carrier says that they are done.
        step = Step.TRANSFERRING
    happening = Happening(
        "call.finished", {"reason": end_reason, "duration_ms": duration_ms}, "media:finished"
    )
    facts = _facts(end_reason, duration_ms)
    call = advance_call(call_id=call_id, step=step, happening=happening, facts=facts).call
    meter(call, {"media_ms": duration_ms, **usage}, providers or {})
    if transferred and not call.is_over:
        call.end_reason = end_reason
        call.save(update_fields=["end_reason"])
    else:
        announce_end(call, history)
    release(call)
    return call


def release(call: Call) -> None:
    """Nobody carries the call any more."""
    call.lease_until = None
    call.save(update_fields=["lease_until"])


def save_turns(call: Call, transcript: Sequence[Mapping[str, Any]]) -> None:
    """Write the turns that are not there yet, and the text that search reads."""
    known = {(turn.turn_id, turn.role) for turn in turns_of(call)}
    last = turns_of(call).last()
    following = last.index + 1 if last else 0
    missing = [row for row in transcript if (row.get("turn_id", ""), row["role"]) not in known]
    Turn.objects.bulk_create(_turn(call, following + i, row) for i, row in enumerate(missing))
    index_transcript(call)


def index_transcript(call: Call) -> None:
    """Bring the searchable text up to the turns."""
    said = [turn.text for turn in turns_of(call) if turn.text and turn.role != "tool"]
    if not said:
        return
    text = "\n".join(said)
    Transcript.objects.of(call.organisation_id).filter(call=call).delete()
    Transcript.objects.create(organisation_id=call.organisation_id, call=call, text=text, words=indexed(text))


def _facts(end_reason: str, duration_ms: int) -> Facts:
    return Facts(
        duration_s=round(duration_ms / 1000),
        outcome=OUTCOMES.get(end_reason, ""),
        end_reason=end_reason,
        error_code=end_reason if end_reason in BROKEN else "",
        from_media=True,
    )


def meter(
    call: Call, usage: Mapping[str, int], providers: Mapping[str, str], *, estimated: bool = False
) -> None:
    """Write usage rows, each once."""
    owner = call.carrier_account.owner if call.carrier_account else "organisation"
    for name, quantity in usage.items():
        if quantity > 0:
            record_usage(
                organisation=call.organisation_id,
                subject_type="call",
                subject_id=call.pk,
                meter=name,
                quantity=quantity,
                unit=UNITS.get(name.rpartition("_")[2], "count"),
                idempotency_key=f"{call.pk}:{name}",
                provider=providers.get(name, call.carrier if name == "media_ms" else ""),
                account_owner=owner,
                estimated=estimated,
                simulated=call.simulated,
            )


def _turn(call: Call, index: int, row: Mapping[str, Any]) -> Turn:
    return Turn(
        organisation_id=call.organisation_id,
        call=call,
        index=index,
        turn_id=row.get("turn_id", ""),
        role=row["role"],
        text=row.get("text", ""),
        full_text=row.get("full_text"),
        started_ms=row.get("started_ms", 0),
        ended_ms=row.get("ended_ms", 0),
        interrupted=row.get("interrupted", False),
        latency=row.get("latency"),
    )
