"""A carrier tells that it has recorded a call. Downloading is a task of its own."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from calls.models import Call, Recording
from calls.services.record import announce_recording, keep_until
from calls.tasks import download_recording
from patter_site.common.jobs import wake


@transaction.atomic
def note_carrier_recording(
    *, call: Call, carrier_recording_id: str, duration_ms: int = 0, failed: str = ""
) -> None:
    """The carrier has a recording of this call, or (``failed``) none. Telling it twice changes nothing."""
    rows = Call.objects.of(call.organisation_id).select_related("organisation", "agent")
    call = rows.get(pk=call.pk)
    recording, is_new = Recording.objects.of(call.organisation_id).get_or_create(
        call=call,
        carrier_recording_id=carrier_recording_id,
        defaults={
            "organisation_id": call.organisation_id,
            "source": Recording.Source.CARRIER,
            "status": Recording.Status.FAILED if failed else Recording.Status.PROCESSING,
            "state": Recording.State.FAILED if failed else Recording.State.DUE,
            "due_at": None if failed else timezone.now(),
            "duration_ms": duration_ms,
            "last_error": failed,
            "keep_until": keep_until(call),
        },
    )
    if not is_new:
        return
    if failed:
        announce_recording(recording, "recording.failed")
    else:
        wake(download_recording, recording.pk)
