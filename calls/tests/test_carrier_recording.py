"""The carrier's own recording: asked for, fetched, kept for a while, and deleted there as here."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.services import change_draft, publish_agent
from calls.models import Call, CarrierErasure, Recording
from calls.services.delete import delete_call
from calls.services.retention import delete_old_recordings
from calls.tasks import download_recording, erase_due, join_due
from patter.audio.wav import write_mulaw
from patter_site.events.models import Event
from patter_site.testing import api

WAV = write_mulaw(bytes(60))


@pytest.fixture(autouse=True)
def memory(settings):
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}


@pytest.fixture
def recorded(cast, number, twilio):
    """A call that is over, of an agent whose calls the carrier records."""
    policy = {"policies": {"recording": {"carrier": True, "days": 30}}}
    change_draft(agent=number.agent, changes=policy)
    publish_agent(agent=number.agent)
    twilio.voice()
    twilio.status("CA1", "completed", "3", CallDuration="4")
    call = Call.objects.of(cast.organisation).get()
    twilio.post(
        "recording",
        {"call": call.pk},
        CallSid="CA1",
        RecordingSid="RE1",
        RecordingStatus="completed",
        RecordingDuration="4",
    )
    return call


def the_recording(call: Call) -> Recording:
    return Recording.objects.of(call.organisation_id).get(call=call)


def told(call: Call) -> list[str]:
    rows = Event.objects.of(call.organisation_id).filter(type__startswith="recording.")
    return list(rows.values_list("type", flat=True))


def test_it_is_asked_for_once_in_both_channels(cast, number, twilio):
    change_draft(agent=number.agent, changes={"policies": {"recording": {"carrier": True}}})
    publish_agent(agent=number.agent)
    first = twilio.voice().content.decode()
    call = Call.objects.of(cast.organisation).get()
    assert 'channels="dual" trim="do-not-trim"' in first
    assert f"/recording?call={call.pk}" in first
    again = twilio.post("resume", {"call": call.pk, "stream": "1"}, CallSid="CA1").content.decode()
    assert "<Stream" in again and "<Recording" not in again


def test_it_is_fetched_and_can_be_heard(recorded, carrier, cast):
    carrier.answer("GET", "/Recordings/RE1.wav", 200, WAV)
    download_recording(the_recording(recorded).pk)
    recording = the_recording(recorded)
    assert (recording.status, recording.source, recording.size_bytes) == ("ready", "carrier", len(WAV))
    assert recording.duration_ms == 4000
    assert told(recorded) == ["recording.ready"]
    heard = api(cast.key).get(f"/api/v1/calls/{recorded.pk}/recording", {"source": "carrier"})
    assert b"".join(heard.streaming_content) == WAV


def test_one_that_is_not_there_yet_is_asked_for_again(recorded, carrier):
    carrier.answer("GET", "/Recordings/RE1.wav", 404, {"code": 20404, "message": "not found"})
    pk = the_recording(recorded).pk
    download_recording(pk)
    waiting = the_recording(recorded)
    assert (waiting.status, waiting.state, told(recorded)) == ("processing", "due", [])
    Recording.objects.of(recorded.organisation_id).update(due_at=timezone.now())
    carrier.answer("GET", "/Recordings/RE1.wav", 200, WAV)
    assert join_due() == 1
    download_recording(pk)
    assert the_recording(recorded).status == "ready"


@pytest.mark.parametrize("answer", [b"<!doctype html><p>Sign in</p>", WAV[: len(WAV) // 2], b""])
def test_what_is_no_whole_recording_is_asked_for_again(recorded, carrier, answer):
    carrier.answer("GET", "/Recordings/RE1.wav", 200, answer)
    download_recording(the_recording(recorded).pk)
    waiting = the_recording(recorded)
    assert (waiting.status, waiting.state, waiting.file, told(recorded)) == ("processing", "due", "", [])
    assert "the recording's file" in waiting.last_error


def test_one_that_never_comes_fails_in_the_end(recorded, carrier):
    carrier.answer("GET", "/Recordings/RE1.wav", 404, {"code": 20404, "message": "not found"})
    Recording.objects.of(recorded.organisation_id).update(tries=7)
    download_recording(the_recording(recorded).pk)
    assert the_recording(recorded).status == "failed"
    assert told(recorded) == ["recording.failed"]


def test_the_same_webhook_twice_is_one_recording(recorded, twilio):
    again = {"CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "completed"}
    twilio.post("recording", {"call": recorded.pk}, **again)
    assert the_recording(recorded)


def test_a_recording_that_failed_at_the_carrier_is_told(cast, number, twilio):
    twilio.voice()
    call = Call.objects.of(cast.organisation).get()
    failed = {"CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "absent"}
    twilio.post("recording", {"call": call.pk}, **failed)
    assert (the_recording(call).status, told(call)) == ("failed", ["recording.failed"])


@pytest.mark.parametrize("words", [["in-progress", "completed"], ["absent", "completed"], ["", "completed"]])
def test_the_last_word_on_a_recording_counts_whatever_came_before(cast, number, twilio, carrier, words):
    twilio.voice()
    call = Call.objects.of(cast.organisation).get()
    for word in words:
        twilio.post("recording", {"call": call.pk}, CallSid="CA1", RecordingSid="RE1", RecordingStatus=word)
    carrier.answer("GET", "/Recordings/RE1.wav", 200, WAV)
    download_recording(the_recording(call).pk)
    assert the_recording(call).status == "ready" and "recording.ready" in told(call)


def test_a_failure_that_is_told_late_takes_nothing_back(recorded, carrier, twilio):
    carrier.answer("GET", "/Recordings/RE1.wav", 200, WAV)
    download_recording(the_recording(recorded).pk)
    twilio.post(
        "recording", {"call": recorded.pk}, CallSid="CA1", RecordingSid="RE1", RecordingStatus="failed"
    )
    assert the_recording(recorded).status == "ready" and told(recorded) == ["recording.ready"]


def test_what_is_deleted_here_is_deleted_there(recorded, carrier):
    carrier.answer("GET", "/Recordings/RE1.wav", 200, WAV)
    carrier.answer("DELETE", "/Recordings/RE1.json", 503, {"code": 20500, "message": "later"})
    download_recording(the_recording(recorded).pk)
    delete_call(call=recorded)
    erase_due()
    waiting = CarrierErasure.objects.of(recorded.organisation_id).get()
    assert waiting.state == "due"
    carrier.answer("DELETE", "/Recordings/RE1.json", 204, b"")
    CarrierErasure.objects.of(recorded.organisation_id).update(due_at=timezone.now())
    erase_due()
    waiting.refresh_from_db()
    assert waiting.state == "done"


def test_what_is_kept_no_longer_goes_and_the_call_stays(recorded, carrier):
    kept = the_recording(recorded)
    assert timedelta(days=29) < kept.keep_until - timezone.now() <= timedelta(days=30)
    assert delete_old_recordings() == 0
    Recording.objects.of(recorded.organisation_id).update(keep_until=timezone.now())
    assert delete_old_recordings() == 1
    assert not Recording.objects.of(recorded.organisation_id).exists()
    assert CarrierErasure.objects.of(recorded.organisation_id).count() == 1
    recorded.refresh_from_db()
    assert recorded.status == "completed"
