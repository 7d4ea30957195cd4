"""A storage that refuses: what is deleted goes in the end, and what is ready stays so."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.storage.memory import InMemoryStorage
from django.utils import timezone

from calls.models import Call, FileErasure, Recording
from calls.services.record import finish_recording, store_segment
from calls.services.retention import delete_old_recordings
from calls.services.spool import Segment
from calls.tasks import download_recording, erase_stored_due, join_call_recording
from calls.tests.cast import make_call
from patter.audio.wav import write_mulaw
from patter_site.events.models import Event
from patter_site.testing import api, error_of

WAV = write_mulaw(bytes(60))


class Reluctant(InMemoryStorage):
    """As a bucket whose policy allows some things. ``refuses``: what fails, for names that contain this."""

    refuses: ClassVar[dict[str, str]] = {}

    def _ask(self, what: str, name: str) -> None:
        if what in self.refuses and self.refuses[what] in name:
            raise PermissionError(f"{what}: AccessDenied")

    def delete(self, name: str) -> None:
        self._ask("delete", name)
        super().delete(name)

    def _save(self, name: str, content: Any) -> str:
        self._ask("save", name)
        return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        self._ask("exists", name)
        return bool(super().exists(name))


@pytest.fixture
def refuses(settings):
    backend = {"BACKEND": f"{__name__}.Reluctant"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    Reluctant.refuses = {}
    yield Reluctant.refuses
    Reluctant.refuses = {}


@pytest.fixture
def over(cast, number, refuses) -> Call:
    account = number.carrier_account
    return make_call(
        cast.organisation,
        status="completed",
        carrier="twilio",
        carrier_account=account,
        carrier_call_id="CA1",
    )


def recorded(call: Call) -> Recording:
    """Three parts, waiting to be joined."""
    for index in range(3):
        store_segment(call.organisation_id, call.pk, Segment(index, b"\x11\x22" * 800))
    finish_recording(call.organisation_id, call.pk, 300)
    return Recording.objects.of(call.organisation_id).get()


def files(call: Call) -> list[str]:
    return sorted(default_storage.listdir(f"recordings/{call.organisation_id}/{call.pk}")[1])


def told(call: Call) -> list[str]:
    rows = Event.objects.of(call.organisation_id).filter(type__startswith="recording.")
    return list(rows.values_list("type", flat=True))


def later(call: Call) -> None:
    FileErasure.objects.of(call.organisation_id).update(due_at=timezone.now())
    erase_stored_due()


def test_a_recording_is_ready_though_its_parts_cannot_be_deleted(over, refuses):
    recording = recorded(over)
    refuses["delete"] = "00001.ulaw"
    join_call_recording(recording.pk)
    recording.refresh_from_db()
    assert (recording.status, recording.state, told(over)) == ("ready", "done", ["recording.ready"])
    assert files(over) == ["00001.ulaw", "00002.ulaw", "call.wav"]
    later(over)
    assert files(over) == ["00001.ulaw", "call.wav"], "one that cannot be deleted keeps no other"
    refuses.clear()
    later(over)
    assert files(over) == ["call.wav"]
    assert not FileErasure.objects.of(over.organisation_id).exists()


def test_a_call_that_is_deleted_while_the_storage_is_away_leaves_nothing(cast, over, refuses, tasks_at_once):
    recording = recorded(over)
    join_call_recording(recording.pk)
    refuses["delete"] = ""
    with tasks_at_once():
        assert api(cast.key).delete(f"/api/v1/calls/{over.pk}").status_code == 204
    assert files(over) == ["call.wav"]
    refuses.clear()
    later(over)
    assert files(over) == []


def test_a_recording_whose_time_is_over_while_the_storage_is_away_goes_later(over, refuses):
    join_call_recording(recorded(over).pk)
    Recording.objects.of(over.organisation_id).update(keep_until=timezone.now())
    refuses["delete"] = ""
    assert delete_old_recordings() == 1
    assert erase_stored_due() == 0 and files(over) == ["call.wav"]
    refuses.clear()
    later(over)
    assert files(over) == []


def test_the_carriers_recording_waits_for_a_storage_that_takes_nothing_and_not_for_ever(
    over, refuses, carrier
):
    carrier.answer("GET", "/Recordings/RE1.wav", 200, WAV)
    recording = Recording.objects.create(
        organisation=over.organisation,
        call=over,
        source="carrier",
        carrier_recording_id="RE1",
        status="processing",
        due_at=timezone.now(),
    )
    refuses["save"] = ""
    download_recording(recording.pk)
    recording.refresh_from_db()
    assert (recording.status, recording.state, told(over)) == ("processing", "due", [])
    assert "storage" in recording.last_error
    Recording.objects.of(over.organisation_id).update(due_at=timezone.now(), tries=7)
    download_recording(recording.pk)
    recording.refresh_from_db()
    assert (recording.status, told(over)) == ("failed", ["recording.failed"])


def test_a_recording_that_cannot_be_read_now_is_no_fault_of_the_clients(cast, over, refuses):
    name = default_storage.save("recordings/a.wav", ContentFile(WAV))
    Recording.objects.create(organisation=over.organisation, call=over, status="ready", file=name)
    refuses["exists"] = ""
    answer = api(cast.key).get(f"/api/v1/calls/{over.pk}/recording")
    assert (answer.status_code, error_of(answer)["code"]) == (503, "storage_unavailable")
