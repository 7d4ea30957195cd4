"""Forgetting a call: what was said and recorded goes, what it cost stays."""

from __future__ import annotations

from django.db import transaction

from calls.models import Call
from calls.selectors import recordings_of
from calls.services.carrier_recording import want_erased
from calls.services.record import files_of
from calls.services.stored_files import erase_files_later
from calls.tasks import erase_recordings
from patter_site.common.errors import Conflict
from patter_site.common.jobs import wake


@transaction.atomic
def delete_call(*, call: Call) -> None:
    """Delete a call with its transcript, recordings and events. Raises Conflict while it is live.

    That is until it was written down: the carrier's word on the end is often there before.
    """
    call = Call.objects.of(call.organisation_id).select_for_update().get(pk=call.pk)
    if not call.is_over:
        raise Conflict("This call is live. Hang up first.", code="call_live")
    if call.has_media:
        raise Conflict("This call has just ended and is being written down. Try again.", code="call_live")
    files = [name for recording in recordings_of(call) for name in files_of(recording)]
    # Files go after the commit: they cannot be brought back when the transaction fails.
    there, here = want_erased(call), erase_files_later(call.organisation_id, files)
    if there or here is not None:
        wake(erase_recordings)
    call.delete()
