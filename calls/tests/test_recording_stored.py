"""Segments on their way to a storage that is away, or comes back."""

import pytest

from calls.models import Recording
from calls.services import record
from calls.services.record import segment_path, store_piece, store_rest
from calls.tests.cast import make_call
from patter.audio.wav import interleave
from patter.bridge.records import RecordingPiece


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    """Of the storage; a file stands where it should be until it is removed."""
    monkeypatch.setattr(record, "STORAGE_AWAY_S", 0.0)
    place = tmp_path / "storage"
    place.write_text("in the way")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(place)},
        },
    }
    return place


def piece(number):
    return RecordingPiece(number * 5000, bytes([number]) * 40_000, b"\xff" * 40_000)


@pytest.fixture
def owner(cast):
    call = make_call(cast.organisation)
    yield cast.organisation.pk, call.pk
    record.SPOOL.forget(call.pk)


def stored(folder, owner):
    count = Recording.objects.of(owner[0]).get().segments
    return b"".join((folder / segment_path(*owner, index)).read_bytes() for index in range(count))


def test_a_storage_that_comes_back_gets_everything(folder, owner):
    for number in range(8):
        store_piece(*owner, piece(number))
    assert not Recording.objects.of(owner[0]).exists()
    folder.unlink()
    for number in range(8, 10):
        store_piece(*owner, piece(number))
    store_rest(*owner)
    assert stored(folder, owner)[0::2] == b"".join(piece(number).caller for number in range(10))


def test_after_a_try_no_call_waits_for_the_storage_for_a_while(folder, owner, monkeypatch):
    monkeypatch.setattr(record, "STORAGE_AWAY_S", 1000.0)
    monkeypatch.setattr(record.SPOOL, "try_again_at", 0.0)
    for number in range(6):
        store_piece(*owner, piece(number))
    folder.unlink()
    for number in range(6, 12):
        store_piece(*owner, piece(number))
    assert not Recording.objects.of(owner[0]).exists()
    store_rest(*owner)  # the end of a call is tried in any case
    assert len(stored(folder, owner)) == 12 * len(interleave(piece(0).caller, b""))


def test_what_cannot_be_stored_at_the_end_does_not_hold_up_the_end(folder, owner):
    store_piece(*owner, piece(0))
    store_rest(*owner)
    assert record.SPOOL.rest(owner[1]) is None
