"""Our own recording: segments stored while the call runs, joined into one WAV afterwards."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from calls.models import Call, Recording
from calls.plan import recording_policy_of
from calls.services.spool import SPOOL, Segment
from patter.audio.mulaw import MAX_LEVEL, level
from patter.audio.wav import header
from patter.bridge.records import RecordingPiece
from patter_site.events.services import record_event

PEAKS = 400
"""Bars of the waveform, however long the call was."""

MOST_TRIES = 5

REST_FACTOR, MOST_REST_S = 3, 0.02
"""Calls that began together fill their segments together: between two, the calls have the processor."""


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
    """Keep a piece, and store the segment that it made whole. Then the calls have the processor again."""
    if (segment := SPOOL.add(call_id, piece)) is not None:
        began = time.perf_counter()
        store_segment(organisation_id, call_id, segment)
        SPOOL.done(call_id, segment)
        time.sleep(min(REST_FACTOR * (time.perf_counter() - began), MOST_REST_S))


def store_rest(organisation_id: str, call_id: str) -> None:
    """The call is over: what there is of its last segment is stored."""
    if (segment := SPOOL.rest(call_id)) is not None:
        store_segment(organisation_id, call_id, segment)
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
    """Make one WAV of the segments, with the bars of its waveform. Safe to repeat."""
    organisation_id, call_id = recording.organisation_id, recording.call_id
    paths = [segment_path(organisation_id, call_id, index) for index in range(recording.segments)]
    stereo = b"".join(_read(path) for path in paths)
    target = recording_path(organisation_id, call_id)
    if default_storage.exists(target):
        default_storage.delete(target)
    wav = io.BytesIO(header(len(stereo), channels=2) + stereo)
    saved = default_storage.save(target, ContentFile(wav.getvalue()))
    recording.duration_ms = len(stereo) // 16
    recording.peaks = {"caller": _peaks(stereo[0::2]), "agent": _peaks(stereo[1::2])}
    if not keep_file(recording, saved, len(wav.getvalue())):
        default_storage.delete(saved)
    for path in paths:
        default_storage.delete(path)


@transaction.atomic
def keep_file(recording: Recording, name: str, size_bytes: int) -> bool:
    """The file of a recording is stored: it is ready. False: the recording was deleted meanwhile."""
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


def _read(path: str) -> bytes:
    with default_storage.open(path) as file:
        return bytes(file.read())


def _peaks(side: bytes) -> list[int]:
    """0 to 100 for each bar."""
    return [round(100 * loudest / MAX_LEVEL) for loudest in _loudest(side)]


def _loudest(side: bytes) -> Iterator[int]:
    bar = max(160, -(-len(side) // PEAKS))
    for start in range(0, len(side), bar):
        piece = side[start : start + bar]
        yield max(level(piece[at : at + 160]) for at in range(0, len(piece), 160))
