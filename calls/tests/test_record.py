from calls.models import Recording
from calls.services.record import finish_recording, join_failed, store_segment
from calls.tasks import join_call_recording
from calls.testing import make_call
from patter.bridge.records import RecordingSegment
from patter_site.events.models import Event

SECOND = 8000


def recorded(cast, settings, tmp_path):
    """A call of two segments that is over."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }
    call = make_call(cast.organisation, recorded=False)
    for index in range(2):
        segment = RecordingSegment(index, 1000 * index, b"\x10" * SECOND, b"\xff" * SECOND)
        store_segment(call.organisation_id, call.pk, segment)
    finish_recording(call.organisation_id, call.pk, 2000)
    return Recording.objects.of(cast.organisation).get(call=call)


def test_segments_become_one_file_and_the_customer_is_told_once(cast, settings, tmp_path):
    recording = recorded(cast, settings, tmp_path)
    for _ in range(2):
        join_call_recording(recording.pk)
    recording.refresh_from_db()
    assert (recording.status, recording.state, recording.last_error) == ("ready", "done", "")
    assert recording.duration_ms == 2000
    assert [file.name for file in tmp_path.rglob("*.*")] == ["call.wav"]
    told = Event.objects.of(cast.organisation).get(type="recording.ready")
    assert (told.subject_id, told.data["recording_id"]) == (recording.call_id, recording.pk)


def test_after_five_tries_the_customer_is_told_that_it_failed(cast, settings, tmp_path):
    recording = recorded(cast, settings, tmp_path)
    for recording.tries in range(1, 6):
        join_failed(recording, "the disk is full")
    assert recording.status == "failed"
    assert Event.objects.of(cast.organisation).filter(type="recording.failed").count() == 1
