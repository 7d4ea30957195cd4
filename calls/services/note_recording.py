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
    """The carrier has a recording of this call, or (``failed``) none. Telling it twice changes nothing.

    One of which a failure was told, and which is there all the same, is fetched.
    """
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
    if not is_new and (failed or not _came_after_all(recording, duration_ms)):
        return
    if failed:
        announce_recording(recording, "recording.failed")
    else:
        wake(download_recording, recording.pk)


def _came_after_all(recording: Recording, duration_ms: int) -> bool:
    """Carriers tell in any order. What we tried to fetch ourselves, and could not, stays failed."""
    said_to_fail = Recording.objects.of(recording.organisation_id).filter(
        pk=recording.pk, status=Recording.Status.FAILED, tries=0
    )
    came = said_to_fail.update(
        status=Recording.Status.PROCESSING,
        state=Recording.State.DUE,
        due_at=timezone.now(),
        duration_ms=duration_ms,
        last_error="",
    )
    return came == 1
