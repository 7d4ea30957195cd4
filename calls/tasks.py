"""The calls' knocks: dialling, and looking after calls that nobody looks after."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from typing import Any

import structlog
from celery import shared_task
from django.utils import timezone

from calls.models import Call, CarrierErasure, Dial, DialAttempt, FileErasure, Recording
from calls.services.carrier_recording import download, erase
from calls.services.dial import dial_call
from calls.services.invocations import due_invocations
from calls.services.left_open import close_line, left_open
from calls.services.reconcile import look_up
from calls.services.record import join_failed, join_recording
from calls.services.retention import delete_old_recordings
from calls.services.retry_tools import retry_invocation
from calls.services.silent_dials import ask_about, silent_dials
from calls.services.stored_files import erase_files
from calls.services.sweep import lose_calls, sweep_calls
from patter.errors import CarrierError
from patter_site.common.jobs import backoff_s, claim, claim_due, fail, finish, is_due, wake
from patter_site.common.sweeps import sweep
from phone_numbers.errors import CarrierRefused

logger = structlog.get_logger(__name__)
DIALS_AT_ONCE = 50
FILES_AT_ONCE = 100


def _wake_each(task: Any, ids: Sequence[str]) -> int:
    """Have what a sweep found worked off, one by one. Returns how many there are."""
    for one in ids:
        wake(task, one)
    return len(ids)


@shared_task
def dial(call_id: str) -> None:
    dial_call(call_id)


@sweep("calls", every_s=5)
def end_lost_calls() -> int:
    lost = _wake_each(hang_up_lost_call, lose_calls())
    return lost + sweep_calls(on_silent_line=partial(wake, hang_up_lost_call))


@shared_task
def hang_up_lost_call(call_id: str) -> None:
    """Nobody speaks to this caller any more; the carrier may not have noticed."""
    call = Call.objects.unscoped("the task names one call").filter(pk=call_id).first()
    if call is None or not call.carrier_call_id:
        return
    try:
        close_line(call)
    except CarrierRefused as error:
        logger.info("The carrier did not hang up a lost call", call=call_id, reason=str(error))


@sweep("left open", every_s=60)
def close_left_open() -> int:
    """Calls that the carrier may keep open though they are over here."""
    return _wake_each(hang_up_lost_call, left_open())


@sweep("dials", every_s=5)
def dial_due() -> int:
    """Calls whose task never came, that are to be tried again, or whose hour has come."""
    rows = Dial.objects.unscoped("the sweep dials for every organisation")
    due = rows.filter(is_due(timezone.now())).order_by("due_at").values_list("pk", flat=True)
    return _wake_each(dial, list(due[:DIALS_AT_ONCE]))


@sweep("lost dials", every_s=5)
def look_up_lost_dials() -> int:
    """Requests to dial whose answer was lost."""
    rows = DialAttempt.objects.unscoped("the sweep serves every organisation")
    unknown = rows.filter(progress=DialAttempt.Progress.UNKNOWN).select_related("carrier_account")
    claimed = claim_due(unknown, lease_s=60)
    for attempt in claimed:
        look_up(attempt)
    return len(claimed)


@sweep("silent dials", every_s=60)
def ask_about_silent_dials() -> int:
    """Calls that were placed, and of which the carrier said nothing more."""
    return _wake_each(ask_about_dial, silent_dials())


@shared_task
def ask_about_dial(call_id: str) -> None:
    call = Call.objects.unscoped("the task names one call").select_related("carrier_account").get(pk=call_id)
    try:
        ask_about(call)
    except CarrierError as error:
        logger.info("The carrier did not say how a call stands", call=call_id, reason=str(error))


@shared_task
def join_call_recording(recording_id: str) -> None:
    """Join one recording's segments, if it is still due."""
    rows = Recording.objects.unscoped("the task names one recording")
    recording = rows.filter(pk=recording_id).first()
    if recording is None or not claim(recording, lease_s=120):
        return
    try:
        join_recording(recording)
    except Exception as error:
        join_failed(recording, f"{type(error).__name__}: {error}")


@sweep("recordings", every_s=5)
def join_due() -> int:
    """Recordings whose task never came, or that are to be tried again."""
    rows = Recording.objects.unscoped("the sweep joins for every organisation")
    due = rows.filter(is_due(timezone.now()), status=Recording.Status.PROCESSING)
    found = list(due.order_by("due_at").values_list("pk", "source")[:DIALS_AT_ONCE])
    for recording_id, source in found:
        own = source == Recording.Source.BRIDGE
        wake(join_call_recording if own else download_recording, recording_id)
    return len(found)


@shared_task
def download_recording(recording_id: str) -> None:
    """Fetch one of the carrier's recordings, if it is still due."""
    rows = Recording.objects.unscoped("the task names one recording")
    recording = rows.select_related("call__carrier_account").filter(pk=recording_id).first()
    if recording is not None and claim(recording, lease_s=300):
        download(recording)


@shared_task
def erase_recordings() -> None:
    """Somebody deleted a call: what the carrier and the storage have of it is not to wait for the sweep."""
    erase_stored_due()
    erase_due()


@sweep("erasures", every_s=30)
def erase_due() -> int:
    """Recordings that are to be deleted at their carrier."""
    rows = CarrierErasure.objects.unscoped("the sweep serves every organisation")
    claimed = claim_due(rows.select_related("carrier_account"), lease_s=60)
    for erasure in claimed:
        try:
            erase(erasure)
        except CarrierError as error:
            fail(erasure, str(error), retry_in_s=backoff_s(erasure.tries, base_s=60, longest_s=86400))
        else:
            finish(erasure)
    return len(claimed)


@sweep("file erasures", every_s=30)
def erase_stored_due() -> int:
    """Files that are to be deleted in our storage. One that is away is not asked again for the next."""
    rows = FileErasure.objects.unscoped("the sweep serves every organisation")
    due = list(rows.filter(is_due(timezone.now())).order_by("due_at")[:FILES_AT_ONCE])
    return len(list(takewhile(erase_files, due)))


@sweep("old recordings", every_s=600)
def delete_old() -> int:
    """Recordings that are kept no longer."""
    return delete_old_recordings()


@shared_task
def retry_tool(invocation_id: str) -> None:
    """The next try of a tool, if it is due and nobody was quicker."""
    standing = retry_invocation(invocation_id)
    if standing is not None and standing.due_in_s is not None:
        wake(retry_tool, invocation_id, in_s=standing.due_in_s)


@sweep("tool invocations", every_s=5)
def retry_due_tools() -> int:
    """Tries whose task never came, and runs whose process died."""
    return _wake_each(retry_tool, due_invocations(DIALS_AT_ONCE))
