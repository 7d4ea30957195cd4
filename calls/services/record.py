"""Our own recording: segments stored while the call runs, joined into one WAV afterwards."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO

import structlog
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from calls.models import Call, Recording
from calls.plan import recording_policy_of
from calls.services.spool import SPOOL, Segment
from calls.services.stored_files import erase_files, erase_files_later
from calls.services.waveform import Waveform
from patter.audio.wav import header
from patter.bridge.records import RecordingPiece
from patter_site.events.services import record_event

MOST_TRIES = 5

REST_FACTOR, MOST_REST_S = 3, 0.02
"""Calls that began together fill their segments together: between two, the calls have the processor."""

STORAGE_AWAY_S = 10.0

logger = structlog.get_logger(__name__)


def segment_path(organisation_id: str, call_id: str, index: int) -> str:
    return f"recordings/{organisation_id}/{call_id}/{index:05d}.ulaw"


def recording_path(organisation_id: str, call_id: str) -> str:
    return f"recordings/{organisation_id}/{call_id}/call.wav"


def files_of(recording: Recording) -> list[str]:
    """The joined file, and segments that were never joined; one that is not there costs nothing."""
    segments = [
        segment_path(recording.organisation_id, recording.call_id, index)
        for index in range(recording.segments)
    ]
    return [*segments, recording.file] if recording.file else segments


def store_piece(organisation_id: str, call_id: str, piece: RecordingPiece) -> None:
    """Keep a piece, and store what is whole of its call. Then the calls have the processor again.

    A storage that is away costs seconds for each try, and all calls wait for this thread: so all of them try
    again a while later. Nothing is lost meanwhile.
    """
    SPOOL.add(call_id, piece)
    while time.monotonic() >= SPOOL.try_again_at and (segment := SPOOL.whole(call_id)) is not None:
        began = time.perf_counter()
        try:
            store_segment(organisation_id, call_id, segment)
        except (DatabaseError, InterfaceError):
            raise  # everything is tried again
        except Exception as error:
            SPOOL.try_again_at = time.monotonic() + STORAGE_AWAY_S
            logger.warning("A recording was not stored yet", call=call_id, error=type(error).__name__)
            return
        SPOOL.done(call_id, segment)
        time.sleep(min(REST_FACTOR * (time.perf_counter() - began), MOST_REST_S))


def store_rest(organisation_id: str, call_id: str) -> None:
    """The call is over: what there is of it is stored. What cannot be stored now is lost."""
    try:
        while (segment := SPOOL.rest(call_id)) is not None:
            store_segment(organisation_id, call_id, segment)
            SPOOL.done(call_id, segment)
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        logger.exception("The end of a recording could not be stored", call=call_id)
    SPOOL.forget(call_id)


def store_segment(organisation_id: str, call_id: str, segment: Segment) -> None:
    """Write one segment's file, then count it. The file of a repeated segment stays as it is."""
    path = segment_path(organisation_id, call_id, segment.index)
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(segment.stereo))
    recording, _ = Recording.objects.of(organisation_id).get_or_create(
        call_id=call_id, source=Recording.Source.BRIDGE, defaults={"organisation_id": organisation_id}
    )
    if recording.segments <= segment.index:
        recording.segments = segment.index + 1
        recording.save(update_fields=["segments"])


def keep_until(call: Call) -> datetime | None:
    """When a recording of this call is deleted: as its agent says, else as its organisation says."""
    days = recording_policy_of(call).days or call.organisation.recording_days
    return timezone.now() + timedelta(days=days) if days else None


def finish_recording(organisation_id: str, call_id: str, duration_ms: int) -> None:
    """The call is over: its recording waits to be joined."""
    rows = Recording.objects.of(organisation_id).filter(call_id=call_id, status=Recording.Status.RECORDING)
    recording = rows.select_related("call__organisation", "call__agent").first()
    if recording is None:
        return
    rows.update(
        status=Recording.Status.PROCESSING,
        state=Recording.State.DUE,
        due_at=timezone.now(),
        duration_ms=duration_ms,
        keep_until=keep_until(recording.call),
    )


def join_recording(recording: Recording) -> None:
    """Make one WAV of the segments, with the bars of its waveform. Safe to repeat.

    Calls may be carried in this process meanwhile: there is one segment at a time in memory, not the call.
    """
    organisation_id, call_id = recording.organisation_id, recording.call_id
    paths = [segment_path(organisation_id, call_id, index) for index in range(recording.segments)]
    target = recording_path(organisation_id, call_id)
    if default_storage.exists(target):
        default_storage.delete(target)
    with tempfile.TemporaryFile() as wav:
        size_bytes = _write_wav(wav, recording, paths)
        saved = default_storage.save(target, File(wav))
    keep_file(recording, saved, size_bytes, parts=paths)


def keep_file(recording: Recording, name: str, size_bytes: int, parts: Sequence[str] = ()) -> None:
    """The file of a recording is stored: it is ready, and the ``parts`` that it was made of are to go.

    Where the recording was deleted meanwhile the file goes, too. What cannot be deleted now is deleted later:
    a recording that is ready stays so.
    """
    with transaction.atomic():
        gone = parts if _is_ready(recording, name, size_bytes) else [*parts, name]
        erasure = erase_files_later(recording.organisation_id, gone)
    if erasure is not None:
        erase_files(erasure)


def _is_ready(recording: Recording, name: str, size_bytes: int) -> bool:
    """False: the recording was deleted meanwhile."""
    if not still_there(recording):
        return False
    recording.file, recording.size_bytes = name, size_bytes
    recording.status, recording.state = Recording.Status.READY, Recording.State.DONE
    recording.due_at = recording.lease_until = None
    recording.save()
    announce_recording(recording, "recording.ready")
    return True


def still_there(recording: Recording) -> bool:
    """Whether it was not deleted while somebody worked on it. Inside a transaction, which then keeps it."""
    rows = Recording.objects.of(recording.organisation_id).select_for_update()
    return rows.filter(pk=recording.pk).first() is not None


def join_failed(recording: Recording, error: str) -> None:
    """Try again later, a few times; then say that the recording failed."""
    final = recording.tries >= MOST_TRIES
    with transaction.atomic():
        if not still_there(recording):
            return
        recording.last_error = error[:500]
        recording.state = Recording.State.FAILED if final else Recording.State.DUE
        recording.due_at = None if final else timezone.now() + timedelta(seconds=10 * 2**recording.tries)
        recording.status = Recording.Status.FAILED if final else Recording.Status.PROCESSING
        recording.save()
        if final:
            announce_recording(recording, "recording.failed")


def announce_recording(recording: Recording, kind: str) -> None:
    record_event(
        organisation=recording.organisation,
        type=kind,
        subject=recording.call,
        data={
            "call_id": recording.call_id,
            "recording_id": recording.pk,
            "duration_ms": recording.duration_ms,
            "size_bytes": recording.size_bytes,
        },
    )


def _write_wav(wav: IO[bytes], recording: Recording, paths: Sequence[str]) -> int:
    """Fill an empty file; what is known of the recording then is noted in it. Returns the file's size."""
    wav.write(header(0, channels=2))
    begin = wav.tell()
    caller, agent = Waveform(), Waveform()
    for path in paths:
        stereo = _read(path)
        wav.write(stereo)
        caller.add(stereo[0::2])
        agent.add(stereo[1::2])
    size_bytes = wav.tell()
    wav.seek(0)
    wav.write(header(size_bytes - begin, channels=2))
    recording.duration_ms = (size_bytes - begin) // 16
    recording.peaks = {"caller": caller.bars(), "agent": agent.bars()}
    return size_bytes


def _read(path: str) -> bytes:
    with default_storage.open(path) as file:
        return bytes(file.read())
