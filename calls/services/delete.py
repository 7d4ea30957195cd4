"""Forgetting a call: what was said and recorded goes, what it cost stays."""

from __future__ import annotations

from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from calls.models import Call
from calls.selectors import recordings_of
from calls.services.carrier_recording import want_erased
from calls.services.record import files_of
from calls.tasks import erase_recordings
from patter_site.common.errors import Conflict
from patter_site.common.jobs import wake


@transaction.atomic
def delete_call(*, call: Call) -> None:
    """Delete a call with its transcript, recordings and events. Raises Conflict while it is live."""
    call = Call.objects.of(call.organisation_id).select_for_update().get(pk=call.pk)
    if not call.is_over:
        raise Conflict("This call is live. Hang up first.", code="call_live")
    files = [name for recording in recordings_of(call) for name in files_of(recording)]
    if want_erased(call):
        wake(erase_recordings)
    call.delete()
    # After the commit: a file cannot be brought back when the transaction fails.
    transaction.on_commit(partial(_delete_files, files))


def _delete_files(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)
