"""Telnyx's own recording: asked for, announced, fetched over a fresh link, deleted there as here."""

import pytest

from agents.services import change_draft, publish_agent
from calls.models import CallEvent, Recording
from calls.services.carrier_recording import DOWNLOADS, ERASURES
from calls.tests.telnyx_cast import LEG, Telnyx, make_telnyx_number
from calls.tests.test_telnyx_door import work_off_all


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


def test_it_is_fetched_over_a_link_of_now_without_our_key(number, carrier):
    host = carrier.base_url.removesuffix("/v2")
    carrier.answer(
        "GET", "/recordings/r1", 200, {"data": {"id": "r1", "download_urls": {"wav": f"{host}/f.wav"}}}
    )
    pieces: list[bytes] = []
    size = DOWNLOADS["telnyx"](number.carrier_account, "r1", pieces.append)
    assert size == len(b"".join(pieces)) > 0
    assert [asked for asked, _ in carrier.asked] == ["GET /recordings/r1", "GET /f.wav"]


def test_one_that_is_gone_there_is_deleted(number, carrier):
    carrier.refuse("DELETE", "/recordings/r1", 404, "10005")
    ERASURES["telnyx"](number.carrier_account, "r1")
    assert carrier.asked[-1][0] == "DELETE /recordings/r1"
