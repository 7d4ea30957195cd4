"""The carrier's own recording: announced by a webhook, downloaded by a task, deleted there as here.

A link is good for a while only, and some are announced before the file is there. So what is kept is the
carrier's id; each try asks for the file anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import IO

import structlog
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from calls.models import Call, CarrierErasure, Recording
from calls.selectors import recordings_of
from calls.services.record import announce_recording, keep_file, still_there
from patter.errors import CarrierError
from patter_site.common.jobs import backoff_s
from phone_numbers.carrier import ask_telnyx, ask_twilio
from phone_numbers.models import Carrier, CarrierAccount

logger = structlog.get_logger(__name__)
MOST_TRIES = 8
CALL_PREFIX = "call_"
DOWNLOAD_S = 120.0
IN_MEMORY_BYTES = 4_000_000

Download = Callable[[CarrierAccount, str, Callable[[bytes], object]], int]


def _from_twilio(account: CarrierAccount, recording_id: str, write: Callable[[bytes], object]) -> int:
    return ask_twilio(
        account, lambda rest: rest.download_recording(recording_id, write), timeout_s=DOWNLOAD_S
    )


def _from_telnyx(account: CarrierAccount, recording_id: str, write: Callable[[bytes], object]) -> int:
    return ask_telnyx(
        account, lambda rest: rest.download_recording(recording_id, write), timeout_s=DOWNLOAD_S
    )


DOWNLOADS: Mapping[str, Download] = {
    Carrier.TWILIO.value: _from_twilio,
    Carrier.TELNYX.value: _from_telnyx,
}
"""How a carrier's recording is fetched by its id. Raises CarrierError."""

ERASURES: Mapping[str, Callable[[CarrierAccount, str], None]] = {
    Carrier.TWILIO.value: lambda account, recording_id: ask_twilio(
        account, lambda rest: rest.delete_recording(recording_id)
    ),
    Carrier.TELNYX.value: lambda account, recording_id: ask_telnyx(
        account, lambda rest: rest.delete_recording(recording_id)
    ),
}
"""How a carrier's recording is deleted. One that is gone is a success. Raises CarrierError."""


def download(recording: Recording) -> None:
    """Fetch a claimed recording from its carrier into our storage. Never inside a transaction."""
    account = recording.call.carrier_account
    try:
        if account is None:
            raise CarrierError("carrier", "the account of this call was removed", permanent=True)
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as audio:
            size = DOWNLOADS[account.carrier](account, recording.carrier_recording_id, audio.write)
            _keep(recording, audio, size)
    except CarrierError as error:
        _failed(recording, str(error), final=error.permanent)
    except Exception as error:  # the storage: each has errors of its own
        logger.warning("A recording was not stored", call=recording.call_id, error=type(error).__name__)
        _failed(recording, f"The storage did not take the file: {type(error).__name__}.", final=False)


def _keep(recording: Recording, audio: IO[bytes], size: int) -> None:
    target = f"recordings/{recording.organisation_id}/{recording.call_id}/{recording.pk}.wav"
    if default_storage.exists(target):
        default_storage.delete(target)
    audio.seek(0)
    saved = default_storage.save(target, File(audio))
    recording.last_error = ""
    keep_file(recording, saved, size)


@transaction.atomic
def _failed(recording: Recording, error: str, *, final: bool) -> None:
    final = final or recording.tries >= MOST_TRIES
    wait = timedelta(seconds=backoff_s(recording.tries, base_s=2, longest_s=600))
    recording.last_error = error[:500]
    recording.state = Recording.State.FAILED if final else Recording.State.DUE
    recording.status = Recording.Status.FAILED if final else Recording.Status.PROCESSING
    recording.due_at = None if final else timezone.now() + wait
    recording.lease_until = None
    if still_there(recording):
        recording.save()
        if final:
            announce_recording(recording, "recording.failed")


# -- deleting -------------------------------------------------------------------------------------


def want_erased(call: Call) -> int:
    """What the carrier has of this call is to be deleted there. In the transaction of the deletion.

    Returns how many recordings that is.
    """
    account = call.carrier_account
    if account is None:
        return 0
    there = list(recordings_of(call).exclude(carrier_recording_id=""))
    for recording in there:
        erase_later(account, recording)
    return len(there)


def erase_later(account: CarrierAccount, recording: Recording) -> None:
    CarrierErasure.objects.of(recording.organisation_id).get_or_create(
        carrier_account=account,
        carrier_recording_id=recording.carrier_recording_id,
        defaults={"organisation_id": recording.organisation_id, "due_at": timezone.now()},
    )


def erase_of_deleted(account: CarrierAccount, call_id: str, recording_id: str) -> bool:
    """The carrier tells of a recording of a call that was deleted here meanwhile: it goes there, too.

    ``call_id`` is our own, as we gave it to the carrier. False: there is such a call, or never was.
    """
    calls = Call.objects.unscoped("only whether it is there")
    if not call_id.startswith(CALL_PREFIX) or calls.filter(pk=call_id).exists():
        return False
    if account.organisation_id is None:  # an account of the platform's: nobody's row can hold it
        ERASURES[account.carrier](account, recording_id)
        return True
    CarrierErasure.objects.of(account.organisation_id).get_or_create(
        carrier_account=account,
        carrier_recording_id=recording_id,
        defaults={"organisation_id": account.organisation_id, "due_at": timezone.now()},
    )
    return True


def erase(erasure: CarrierErasure) -> None:
    """Delete one recording at its carrier. Raises CarrierError."""
    account = erasure.carrier_account
    ERASURES[account.carrier](account, erasure.carrier_recording_id)
