"""The media stream as the carrier sees it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from calls.models import Call
from calls.services.advance import Facts, Happening, advance_call, locked_call, note_event
from calls.services.progress import Step


@transaction.atomic
def note_stream(
    *, call: Call, stream_id: str, event: str, error: str = "", at: datetime | None = None
) -> None:
    """Write down that a stream started, stopped or failed. A stream that started proves the answer."""
    data = {"stream_id": stream_id, **({"error": error} if error else {})}
    happening = Happening(f"carrier.{event[:40] or 'stream'}", data, f"stream:{stream_id}:{event}"[:160])
    if event == "stream-started":
        advance_call(call_id=call.pk, step=Step.ANSWERED, happening=happening, facts=Facts(at=at))
    else:
        note_event(locked_call(call.pk), happening)
