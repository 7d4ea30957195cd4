"""Deleted means deleted: also what is still being fetched, and what the carrier tells of afterwards."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from calls.models import Call, CarrierErasure, Recording
from calls.services import carrier_recording
from calls.services.delete import delete_call
from calls.services.record import join_recording, segment_path
from calls.tasks import download_recording, erase_due
from calls.tests.cast import make_call
from calls.tests.telnyx_cast import Telnyx, make_telnyx_number
from calls.tests.test_telnyx_door import work_off_all
from phone_numbers.tests.telnyx_server import telnyx_server

WAV = b"RIFF" + b"\x00" * 60


@pytest.fixture(autouse=True)
def memory(settings):
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}


@pytest.fixture
def over(cast, number) -> Call:
    return make_call(
        cast.organisation,
        status="completed",
        carrier="twilio",
        carrier_account=number.carrier_account,
        carrier_call_id="CA1",
    )


def recording_of(call: Call, **fields) -> Recording:
    return Recording.objects.create(organisation=call.organisation, call=call, **fields)


def files_left(call: Call) -> list[str]:
    folder = f"recordings/{call.organisation_id}/{call.pk}"
    return default_storage.listdir(folder)[1] if default_storage.exists(folder) else []


def told(call: Call, twilio) -> None:
    twilio.post(
        "recording", {"call": call.pk}, CallSid="CA1", RecordingSid="RE1", RecordingStatus="completed"
    )


def test_a_recording_that_twilio_tells_of_after_the_call_was_deleted(over, twilio, carrier):
    pk, organisation = over.pk, over.organisation_id
    delete_call(call=over)
    over.pk = pk
    told(over, twilio)
    told(over, twilio)
    carrier.answer("DELETE", "/Recordings/RE1.json", 204, b"")
    assert erase_due() == 1
    assert [what for what, _ in carrier.asked] == ["DELETE /Recordings/RE1.json"]
    assert CarrierErasure.objects.of(organisation).get().state == "done"


@pytest.mark.parametrize("state", ["call_gone", "goodbye/call_gone"])
def test_a_recording_that_telnyx_tells_of_after_the_call_was_deleted(cast, settings, state):
    """The state of the leg is that of the last command which gave it one: Telnyx may have said goodbye."""
    number = make_telnyx_number(cast.organisation)
    with telnyx_server() as server:
        settings.PATTER_TELNYX_BASE_URL = server.base_url
        Telnyx(number.carrier_account).tell("call.recording.saved", ours=state, recording_id="rec1")
        work_off_all()
        erase_due()
        assert [what for what, _ in server.asked] == ["DELETE /recordings/rec1"]


def test_a_stranger_deletes_nothing_by_naming_a_call_that_is_there(over, twilio, carrier):
    over.carrier_account = None
    over.save()
    told(over, twilio)
    assert not CarrierErasure.objects.of(over.organisation_id).exists()


@pytest.mark.parametrize("named", ["", "nonsense", "agt_1"])
def test_what_is_no_call_of_ours_is_left_alone(cast, number, twilio, named):
    query = {"call": named} if named else {}
    twilio.post("recording", query, CallSid="CA9", RecordingSid="RE1", RecordingStatus="completed")
    assert not CarrierErasure.objects.of(cast.organisation).exists()


def test_a_call_that_is_deleted_while_its_recording_is_fetched(over, monkeypatch):
    """Nothing of it stays: no file, no row, no event."""
    recording = recording_of(over, source="carrier", carrier_recording_id="RE1", status="processing")
    Recording.objects.of(over.organisation_id).update(state="due", due_at=over.created_at)

    def fetch(account, recording_id, write) -> int:
        delete_call(call=Call.objects.of(over.organisation_id).get())
        write(WAV)
        return len(WAV)

    monkeypatch.setitem(carrier_recording.DOWNLOADS, "twilio", fetch)
    download_recording(recording.pk)
    assert files_left(over) == []
    assert not Recording.objects.of(over.organisation_id).exists()


def test_a_recording_that_is_deleted_while_it_is_joined(over):
    recording = recording_of(over, segments=1, status="processing")
    path = segment_path(over.organisation_id, over.pk, 0)
    default_storage.save(path, ContentFile(b"\xff" * 3200))
    Recording.objects.of(over.organisation_id).all().delete()
    join_recording(recording)
    assert files_left(over) == []
    assert not Recording.objects.of(over.organisation_id).exists()
