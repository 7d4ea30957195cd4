"""A recording is answered in parts, as players ask for it."""

import pytest

from calls.models import Recording
from calls.scenes import make_full_call
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def sound(client):
    cast = make_cast()
    client.force_login(cast.ada)
    call = make_full_call(cast.organisation)
    recording = Recording.objects.of(cast.organisation).get(call=call)

    def get(asked: str = "", **query: str):
        headers = {"Range": asked} if asked else {}
        return client.get(
            f"/o/{cast.organisation.slug}/calls/{call.pk}/recording.wav", query, headers=headers
        )

    get.size = recording.size_bytes
    return get


def test_whole(sound):
    response = sound()
    body = b"".join(response.streaming_content)
    response.close()
    assert (response.status_code, response["Accept-Ranges"], len(body)) == (200, "bytes", sound.size)
    assert body[:4] == b"RIFF" and response["Content-Type"] == "audio/wav"


@pytest.mark.parametrize(
    ("asked", "first", "length"),
    [("bytes=0-3", 0, 4), ("bytes=10-10", 10, 1), ("bytes=-4", -4, 4)],
)
def test_parts(sound, asked, first, length):
    response = sound(asked)
    start = first if first >= 0 else sound.size + first
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{start + length - 1}/{sound.size}"
    assert len(b"".join(response.streaming_content)) == length


def test_an_open_end_goes_to_the_end(sound):
    response = sound("bytes=100-")
    assert response["Content-Range"] == f"bytes 100-{sound.size - 1}/{sound.size}"
    assert len(b"".join(response.streaming_content)) == sound.size - 100


def test_beyond_the_end(sound):
    response = sound(f"bytes={sound.size}-")
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{sound.size}")


def test_download_names_the_file(sound):
    response = sound(download="")
    assert response["Content-Disposition"].startswith("attachment")
    response.close()
