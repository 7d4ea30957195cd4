"""Recordings whose time is over: deleted here and at the carrier, while the call stays."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from calls.models import Recording
from calls.services.advance import Happening, note_event
from calls.services.carrier_recording import erase_later
from calls.services.record import files_of
from calls.services.stored_files import erase_files_later

BATCH = 100


def delete_old_recordings() -> int:
    """Delete what is kept no longer. Returns how many."""
    rows = Recording.objects.unscoped("the sweep serves every organisation").filter(
        keep_until__lte=timezone.now()
    )
    found = list(rows.select_related("call__carrier_account").order_by("keep_until")[:BATCH])
    for recording in found:
        delete_recording(recording, reason="retention")
    return len(found)


@transaction.atomic
def delete_recording(recording: Recording, *, reason: str) -> None:
    """Delete one recording; the timeline says that there was one."""
    call = recording.call
    if recording.carrier_recording_id and call.carrier_account is not None:
        erase_later(call.carrier_account, recording)
    erase_files_later(recording.organisation_id, files_of(recording))
    note_event(call, Happening("recording.deleted", {"source": recording.source, "reason": reason}))
    recording.delete()
