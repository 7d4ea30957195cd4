from io import BytesIO

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.storage.memory import InMemoryStorage
from django.test import AsyncClient

from calls.models import Recording
from calls.ranged import ranged_response, wanted_range
from calls.services.record import segment_path
from calls.tests.cast import make_call
from patter_site.testing import api, error_of

WAV = bytes(range(256)) * 4


@pytest.fixture
def call(cast, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": f"{InMemoryStorage.__module__}.InMemoryStorage"},
    }
    call = make_call(cast.organisation, status="completed")
    name = default_storage.save("recordings/a.wav", ContentFile(WAV))
    Recording.objects.create(
        organisation=cast.organisation, call=call, status="ready", file=name, size_bytes=len(WAV)
    )
    return call


def get(cast, call, byte_range=""):
    headers = {"HTTP_RANGE": byte_range} if byte_range else {}
    return api(cast.key).get(f"/api/v1/calls/{call.pk}/recording", **headers)


def body_of(response) -> bytes:
    return b"".join(response.streaming_content)


def test_the_whole_recording(cast, call):
    response = get(cast, call)
    assert (response.status_code, response["Content-Type"], response["Accept-Ranges"]) == (
        200,
        "audio/wav",
        "bytes",
    )
    assert response["Content-Length"] == "1024" and body_of(response) == WAV


@pytest.mark.django_db  # the end of an answer looks at the connection
def test_a_file_is_open_only_while_it_is_sent(rf):
    files = []

    def answered():
        return ranged_response(rf.get("/"), opened, len(WAV), "audio/wav")

    def opened():
        files.append(BytesIO(WAV))
        return files[-1]

    answered().close()  # the browser went away before the first byte
    assert files == []
    assert body_of(answered()) == WAV and files[0].closed


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, 1023),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-9999", 1000, 1023),
        ("bytes=-24", 1000, 1023),
    ],
)
def test_a_part(cast, call, asked, start, end):
    response = get(cast, call, asked)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end}/1024"
    assert body_of(response) == WAV[start : end + 1]


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_part_that_is_not_there(cast, call, asked):
    response = get(cast, call, asked)
    assert response.status_code == 416 and response["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize("asked", ["bytes=", "bytes=5-2", "items=1-2", "bytes=1-2,4-5", "bytes=-", "x"])
def test_what_makes_no_sense_gets_everything(cast, call, asked):
    assert wanted_range(asked, 1024) is None
    assert get(cast, call, asked).status_code == 200


def test_a_call_without_a_recording(cast):
    call = make_call(cast.organisation)
    Recording.objects.create(organisation=cast.organisation, call=call)
    missing = get(cast, call)
    assert missing.status_code == 404 and error_of(missing)["code"] == "no_recording"


def test_under_asgi_it_is_sent_while_it_is_read(cast, call):
    """Otherwise Django reads the whole file into memory, and warns of it."""

    async def fetched() -> bytes:
        address = f"/api/v1/calls/{call.pk}/recording"
        response = await AsyncClient().get(address, headers={"X-API-Key": cast.key})
        assert response.is_async
        return b"".join([part async for part in response.streaming_content])

    assert async_to_sync(fetched)() == WAV


def test_deleting_the_call_deletes_its_files(cast, call, tasks_at_once):
    recording = Recording.objects.of(cast.organisation).get()
    left = default_storage.save(segment_path(cast.organisation.pk, call.pk, 0), ContentFile(b"x"))
    Recording.objects.of(cast.organisation).update(segments=2)
    with tasks_at_once():
        assert api(cast.key).delete(f"/api/v1/calls/{call.pk}").status_code == 204
    assert not default_storage.exists(recording.file) and not default_storage.exists(left)
