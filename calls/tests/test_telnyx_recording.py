"""Telnyx's own recording: asked for, announced, fetched over a fresh link, deleted there as here."""

import pytest
from django.utils import timezone

from agents.services import change_draft, publish_agent
from calls.models import CallEvent, CarrierNotice, Recording
from calls.services.carrier_recording import DOWNLOADS, ERASURES
from calls.tests.telnyx_cast import LEG, Telnyx, make_telnyx_number
from calls.tests.test_telnyx_door import work_off_all
from patter.audio.wav import write_mulaw
from patter.errors import CarrierError

WAV = write_mulaw(bytes(100))


@pytest.fixture
def number(cast):
    number = make_telnyx_number(cast.organisation)
    change_draft(agent=number.agent, changes={"policies": {"recording": {"carrier": True}}})
    publish_agent(agent=number.agent)
    return number


@pytest.fixture
def carrier(telnyx_api):
    return telnyx_api


@pytest.fixture
def answered(number, carrier) -> Telnyx:
    telnyx = Telnyx(number.carrier_account)
    telnyx.initiated()
    telnyx.tell("call.answered")
    work_off_all()
    return telnyx


def recordings(cast):
    return Recording.objects.of(cast.organisation).exclude(carrier_recording_id="")


def test_a_recording_begins_before_the_conversation(answered, carrier):
    assert carrier.commands() == ["answer", "record_start", "streaming_start"]
    assert carrier.asked[1][1]["channels"] == "dual"


def test_a_call_goes_on_without_a_recording_that_telnyx_refuses(cast, number, carrier):
    carrier.refuse("POST", f"/calls/{LEG}/actions/record_start", 422, "90020")
    telnyx = Telnyx(number.carrier_account)
    telnyx.initiated()
    telnyx.tell("call.answered")
    work_off_all()
    assert carrier.commands()[-1] == "streaming_start"
    assert CallEvent.objects.of(cast.organisation).filter(kind="recording.refused").exists()


def test_what_is_announced_twice_is_one_recording(cast, answered):
    for _ in range(2):
        answered.tell("call.recording.saved", recording_id="r1", recording_urls={"wav": "https://x/old"})
    work_off_all()
    assert [one.carrier_recording_id for one in recordings(cast)] == ["r1"]


def test_a_recording_that_failed_is_told(cast, answered):
    answered.tell("call.recording.error", reason="storage is full")
    work_off_all()
    assert recordings(cast).get().status == "failed"


def listed(carrier, *ids):
    others = [{"id": "not ours", "call_control_id": "v3:other"}, {"id": "of no call"}]
    rows = [{"id": one, "status": "completed", "call_control_id": LEG} for one in ids]
    carrier.answer("GET", "/recordings", 200, {"data": [*rows, *others]})


def test_one_that_is_announced_without_a_name_is_looked_up(cast, answered, carrier):
    """The vendor's own types have no ``recording_id`` in this webhook."""
    listed(carrier, "r1", "r2")
    answered.tell("call.recording.saved", recording_urls={"wav": "https://x/old"})
    work_off_all()
    assert sorted(one.carrier_recording_id for one in recordings(cast)) == ["r1", "r2"]


def test_one_that_is_announced_before_it_is_listed_is_looked_up_again(cast, answered, carrier):
    listed(carrier)
    answered.tell("call.recording.saved")
    work_off_all()
    assert not recordings(cast).exists()
    listed(carrier, "r1")
    CarrierNotice.objects.unscoped("a test waits").filter(state="due").update(due_at=timezone.now())
    work_off_all()
    assert recordings(cast).get().status == "processing"


def file_of(carrier, content, kind="wav"):
    link = f"{carrier.base_url.removesuffix('/v2')}/f.{kind}"
    carrier.answer("GET", "/recordings/r1", 200, {"data": {"id": "r1", "download_urls": {kind: link}}})
    carrier.answer("GET", f"/f.{kind}", 200, content)


def test_it_is_fetched_over_a_link_of_now_without_our_key(number, carrier):
    file_of(carrier, WAV)
    pieces: list[bytes] = []
    size = DOWNLOADS["telnyx"](number.carrier_account, "r1", pieces.append)
    assert b"".join(pieces) == WAV and size == len(WAV)
    assert [asked for asked, _ in carrier.asked] == ["GET /recordings/r1", "GET /f.wav"]


@pytest.mark.parametrize(
    ("content", "kind", "is_final"),
    [
        (b"<Error><Code>AccessDenied</Code></Error>", "wav", False),
        (WAV[:99], "wav", False),
        (b"ID3\x04 and so on", "mp3", True),
    ],
)
def test_what_is_no_whole_recording_is_not_kept(number, carrier, content, kind, is_final):
    file_of(carrier, content, kind)
    with pytest.raises(CarrierError) as refused:
        DOWNLOADS["telnyx"](number.carrier_account, "r1", lambda piece: None)
    assert refused.value.permanent is is_final


def test_one_that_is_gone_there_is_deleted(number, carrier):
    carrier.refuse("DELETE", "/recordings/r1", 404, "10005")
    ERASURES["telnyx"](number.carrier_account, "r1")
    assert carrier.asked[-1][0] == "DELETE /recordings/r1"
