"""Recordings in an S3, over its own protocol: kept, joined, heard in part, deleted; and one that is away."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer

from calls.models import Call, Recording
from calls.services import carrier_recording
from calls.services.delete import delete_call
from calls.services.record import finish_recording, store_segment
from calls.services.retention import delete_old_recordings
from calls.services.spool import Segment
from calls.tasks import download_recording, erase_stored_due, join_call_recording
from calls.tests.cast import make_call
from patter_site.common.storage_url import storage_backend
from patter_site.testing import api

WAV = b"RIFF" + b"\x00" * 60


@pytest.fixture(scope="module")
def s3():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3, settings, monkeypatch):
    """An empty bucket that recordings are kept in; the keys are what any S3 program is given."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASIMULATED")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulated")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": storage_backend(f"s3://recordings/kept?endpoint={s3}&region=eu-central-1", None),
    }
    client = boto3.client("s3", endpoint_url=s3, region_name="eu-central-1")
    place = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket="recordings", CreateBucketConfiguration=place)
    yield lambda: [row["Key"] for row in client.list_objects_v2(Bucket="recordings").get("Contents", [])]
    for row in client.list_objects_v2(Bucket="recordings").get("Contents", []):
        client.delete_object(Bucket="recordings", Key=row["Key"])
    client.delete_bucket(Bucket="recordings")


@pytest.fixture
def over(cast, number) -> Call:
    account = number.carrier_account
    return make_call(
        cast.organisation,
        status="completed",
        carrier="twilio",
        carrier_account=account,
        carrier_call_id="CA1",
    )


def recorded(call: Call) -> Recording:
    for index in range(2):
        store_segment(call.organisation_id, call.pk, Segment(index, b"\x11\x22" * 8000))
    finish_recording(call.organisation_id, call.pk, 2000)
    return Recording.objects.of(call.organisation_id).get()


def test_our_own_recording_is_joined_heard_in_part_and_deleted(cast, bucket, over, tasks_at_once):
    recording = recorded(over)
    assert len(bucket()) == 2
    join_call_recording(recording.pk)
    [name] = bucket()
    assert name.startswith("kept/recordings/") and name.endswith(".wav")
    address = f"/api/v1/calls/{over.pk}/recording"
    whole = api(cast.key).get(address)
    assert b"".join(whole.streaming_content)[58:62] == b"\x11\x22\x11\x22"
    part = api(cast.key).get(address, HTTP_RANGE="bytes=100-103")
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"\x11\x22\x11\x22")
    with tasks_at_once():
        delete_call(call=over)
    assert bucket() == []


def test_the_carriers_recording_is_kept_there_too(bucket, over, monkeypatch):
    row = {"source": "carrier", "carrier_recording_id": "RE1", "status": "processing", "state": "due"}
    recording = Recording.objects.create(
        organisation=over.organisation, call=over, due_at=over.created_at, **row
    )
    monkeypatch.setitem(carrier_recording.DOWNLOADS, "twilio", lambda _a, _r, write: write(WAV))
    download_recording(recording.pk)
    recording.refresh_from_db()
    assert recording.status == "ready"
    with default_storage.open(recording.file) as file:
        assert file.read() == WAV


def test_what_is_kept_no_longer_goes_there(bucket, over):
    join_call_recording(recorded(over).pk)
    Recording.objects.of(over.organisation_id).update(keep_until=over.created_at)
    assert delete_old_recordings() == 1
    erase_stored_due()
    assert bucket() == []


def test_a_bucket_that_is_not_there_refuses_and_the_recording_waits(bucket, over, settings):
    recording = recorded(over)
    there = settings.STORAGES
    wrong = "s3://recording?endpoint=" + there["default"]["OPTIONS"]["endpoint_url"] + "&region=eu-central-1"
    settings.STORAGES = {**there, "default": storage_backend(wrong, None)}
    join_call_recording(recording.pk)
    recording.refresh_from_db()
    assert (recording.status, recording.state) == ("processing", "due")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        default_storage.save("doctor", ContentFile(b"patter"))
    settings.STORAGES = there
    assert len(bucket()) == 2


@pytest.mark.timeout(60)
def test_an_s3_that_is_away_costs_seconds_and_the_recording_is_joined_later(bucket, over, settings):
    recording = recorded(over)
    there = settings.STORAGES
    nowhere = storage_backend("s3://recordings/kept?endpoint=http://127.0.0.1:9&region=eu-central-1", None)
    settings.STORAGES = {**there, "default": nowhere}
    join_call_recording(recording.pk)
    recording.refresh_from_db()
    assert (recording.status, recording.state) == ("processing", "due")
    settings.STORAGES = there
    Recording.objects.of(over.organisation_id).update(due_at=over.created_at)
    join_call_recording(recording.pk)
    recording.refresh_from_db()
    assert recording.status == "ready"
