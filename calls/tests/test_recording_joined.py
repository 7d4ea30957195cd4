import pytest

from calls.models import Recording
from calls.services.record import finish_recording, join_recording, store_segment
from calls.services.spool import Segment
from calls.tests.cast import make_call
from patter_site.events.models import Event
from patter_site.testing import api


@pytest.fixture
def memory(settings):
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}


def test_segments_become_one_file_that_can_be_fetched_and_is_announced(cast, memory):
    call = make_call(cast.organisation, status="completed")
    for index in range(2):
        segment = Segment(index, b"\xff" * 16_000)
        store_segment(cast.organisation.pk, call.pk, segment)
    finish_recording(cast.organisation.pk, call.pk, 2000)
    join_recording(Recording.objects.of(cast.organisation).get())
    assert Event.objects.of(cast.organisation).get(type="recording.ready").subject_id == call.pk
    response = api(cast.key).get(f"/api/v1/calls/{call.pk}/recording")
    assert response.status_code == 200 and b"".join(response.streaming_content).startswith(b"RIFF")
