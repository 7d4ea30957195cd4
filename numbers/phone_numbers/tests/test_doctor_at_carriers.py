"""``doctor`` and ``doctor --fix`` against the simulated carriers: each thing that can be wrong there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from patter.simulators.fault_plan import Fault
from patter.simulators.telnyx.world import Profile, SigningKey
from patter_site.common.doctor import apply_fix
from patter_site.testing import make_cast
from patter_site.tests.loopback import answering
from phone_numbers.configure import configure_number
from phone_numbers.errors import VoiceUrlTaken
from phone_numbers.models import PhoneNumber
from phone_numbers.services import check_carrier_account, create_carrier_account, create_number
from phone_numbers.telnyx_checkup import check_telnyx
from phone_numbers.tests.carriers import simulated_carriers
from phone_numbers.twilio_checkup import check_twilio

SID, TOKEN = "AC00000000000000000000000000000001", "t" * 32
KEY, CONNECTION = "KEY0001", "1494404757140276705"
OURS, ELSEWHERE = "+12025550111", "https://elsewhere.example/voice"


class Place:
    """An account of ours at one carrier, with one number, and what is set up at the carrier."""

    def __init__(self, carriers, row, check):
        self.carriers, self.row = carriers, row
        self._check = check

    @property
    def world(self):
        return (self.carriers.twilio if self.row.carrier == "twilio" else self.carriers.telnyx).world

    @property
    def number(self):
        return self.world.numbers[OURS]

    @property
    def application(self):
        return self.carriers.telnyx.world.applications[CONNECTION]

    def findings(self):
        return list(self._check())

    def said(self, *levels):
        return " ".join(finding.says for finding in self.findings() if finding.level in levels)

    def fix(self):
        """As ``--fix`` does. What could not be done comes back."""
        return [problem for finding in self.findings() if (problem := apply_fix(finding))]


@pytest.fixture(scope="module")
def carriers():
    with simulated_carriers() as both:
        yield both


@pytest.fixture
def twilio(db, settings, carriers):
    settings.PATTER_TWILIO_BASE_URL = carriers.twilio.base_url
    carriers.twilio.add_account(SID, TOKEN)
    carriers.twilio.add_number(OURS, SID)
    given = {"carrier": "twilio", "account_sid": SID, "auth_token": TOKEN}
    return place(carriers, given, check_twilio)


@pytest.fixture
def telnyx(db, settings, carriers):
    settings.PATTER_TELNYX_BASE_URL = f"{carriers.telnyx.base_url}/v2"
    key = carriers.telnyx.add_account(KEY).key
    carriers.telnyx.world.spare_profiles.clear()
    carriers.telnyx.add_application(CONNECTION, KEY)
    carriers.telnyx.add_number(OURS, KEY)
    given = {"carrier": "telnyx", "api_key": KEY, "public_key": key.public_key, "connection_id": CONNECTION}
    return place(carriers, given, check_telnyx)


def place(carriers, given, check):
    organisation = make_cast().organisation
    row = create_carrier_account(organisation=organisation, **given)
    create_number(organisation=organisation, number=OURS, carrier_account=row)
    return Place(carriers, row, check)


@pytest.fixture(params=["twilio", "telnyx"])
def at(request):
    return request.getfixturevalue(request.param)


def test_nothing_is_changed_without_fix_and_once_mended_it_stays_so(at):
    before = vars_of(at)
    assert "go nowhere" in at.said("bad")
    assert vars_of(at) == before, "looking changes nothing"
    assert at.fix() == []
    assert at.said("bad") == "" and "its calls come" in at.said("ok") and "wss://" in at.said("ok")
    mended = vars_of(at)
    assert mended != before and at.fix() == [] and vars_of(at) == mended, "mending twice is mending once"


def vars_of(at):
    application = "" if at.row.carrier == "twilio" else repr(at.application)
    return repr(at.number) + application


def test_credentials_that_are_wrong(at):
    at.row.auth_token = at.row.api_key = "wrong"
    at.row.save()
    assert ("Authenticate" if at.row.carrier == "twilio" else "No key found matching the secret") in at.said(
        "bad"
    )


def test_a_number_that_the_account_does_not_have(at):
    kept = at.world.numbers.pop(OURS)
    try:
        assert "the account does not have this number" in at.said("bad")
        assert OURS not in at.world.numbers
    finally:
        at.world.numbers[OURS] = kept


def test_a_stream_address_without_tls(at, settings):
    settings.PATTER_MEDIA_URL = "http://media.example"
    assert "wss:// only" in at.said("bad")


def test_a_carrier_that_answers_nothing_useful(at):
    at.world.rest_faults.always("*", Fault(status=503))
    try:
        assert at.said("bad") and at.said("ok").count("works") == 0
    finally:
        at.world.rest_faults.always("*", None)


HTML = b"<!doctype html><title>502 Bad Gateway</title>"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, HTML, "status 401"),
        (403, b"", "status 403"),
        (404, HTML, "status 404"),
        (502, HTML, "status 502"),
        (200, HTML, "an answer that is not JSON"),
        (200, b"[]", "an answer that is not JSON"),
        (200, b"{}", "what answers there is not"),
        (200, b'{"data": {}}', "what answers there is not"),
    ],
)
def test_an_address_where_something_else_answers(at, settings, status, body, says):
    with answering(lambda asked: (status, body)) as elsewhere:
        setattr(settings, f"PATTER_{at.row.carrier.upper()}_BASE_URL", elsewhere)
        assert says in at.said("bad") and "work" not in at.said("ok")
        assert at.fix() == []
        at.row.refresh_from_db()
        assert says in check_carrier_account(account=at.row).check_error
    assert "no answer (ConnectError)" in at.said("bad")


# -- Twilio ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"kind": "Trial"}, "verified numbers only (21219)"), ({"status": "suspended"}, "is suspended")],
)
def test_an_account_at_twilio_that_is_not_whole(twilio, changes, says):
    accounts = twilio.carriers.twilio.world.accounts
    accounts[SID] = replace(accounts[SID], **changes)
    assert says in twilio.said("bad", "warn")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"voice_url": ELSEWHERE}, ELSEWHERE),
        ({"voice_application_sid": "AP1"}, "application AP1"),
        ({"trunk_sid": "TK1"}, "trunk TK1"),
        ({"takes_calls": False}, "takes no voice calls"),
    ],
)
def test_a_number_at_twilio_that_is_somebody_elses_is_left_alone(twilio, changes, says):
    twilio.fix()
    for name, value in changes.items():
        setattr(twilio.number, name, value)
    assert says in twilio.said("bad")
    before = repr(twilio.number)
    twilio.fix()
    assert repr(twilio.number) == before


@pytest.mark.parametrize(("name", "sid"), [("voice_application_sid", "AP1"), ("trunk_sid", "TK1")])
def test_a_number_that_an_application_has_is_taken_over_only_when_asked(twilio, name, sid):
    setattr(twilio.number, name, sid)
    row = PhoneNumber.objects.unscoped("a test").get(number=OURS)
    with pytest.raises(VoiceUrlTaken, match=sid):
        configure_number(number=row, base_url="https://patter.test")
    assert getattr(twilio.number, name) == sid
    configure_number(number=row, base_url="https://patter.test", replace=True)
    assert getattr(twilio.number, name) == "" and twilio.said("bad") == ""


@pytest.mark.parametrize(("status_callback", "is_mended"), [("", True), (ELSEWHERE, False)])
def test_reports_that_nobody_gets(twilio, status_callback, is_mended):
    twilio.fix()
    twilio.number.status_callback = status_callback
    assert "reports" in twilio.said("bad")
    twilio.fix()
    assert (twilio.said("bad") == "") is is_mended


@pytest.mark.parametrize("name", ["voice_method", "status_callback_method"])
def test_calls_that_come_by_get(twilio, name):
    twilio.fix()
    setattr(twilio.number, name, "GET")
    assert "by GET, and are taken by POST only" in twilio.said("bad")
    assert twilio.fix() == [] and getattr(twilio.number, name) == "POST"
    assert twilio.said("bad") == ""


def test_a_fix_that_the_carrier_refuses_is_told(twilio):
    findings = twilio.findings()
    twilio.number.voice_url = ELSEWHERE  # somebody was faster
    assert [problem for finding in findings if (problem := apply_fix(finding))]
    assert twilio.number.voice_url == ELSEWHERE


# -- Telnyx ------------------------------------------------------------------------------------------


def test_a_public_key_that_is_none(telnyx):
    telnyx.row.public_key = "cHVi"
    telnyx.row.save()
    assert "public key is not one" in telnyx.said("bad")
    telnyx.row.public_key = SigningKey().public_key
    telnyx.row.save()
    assert "public key" not in telnyx.said("bad")


def test_an_application_that_does_not_exist_or_sleeps(telnyx):
    telnyx.application.active = False
    assert "not active" in telnyx.said("bad")
    telnyx.row.connection_id = "404"
    telnyx.row.save()
    assert "could not be found" in telnyx.said("bad")


def test_events_that_go_to_somebody_else_or_come_in_an_old_version(telnyx):
    telnyx.application.webhook_url = ELSEWHERE
    assert telnyx.fix() == [] and telnyx.application.webhook_url == ELSEWHERE
    assert ELSEWHERE in telnyx.said("bad")
    telnyx.application.webhook_url = ""
    telnyx.fix()
    telnyx.application.api_version = "1"
    assert "version 1" in telnyx.said("bad")
    telnyx.fix()
    assert telnyx.application.api_version == "2" and telnyx.said("bad") == ""


def test_a_number_at_telnyx_that_is_somebody_elses_is_left_alone(telnyx):
    telnyx.number.connection_id = "777"
    assert "connection 777" in telnyx.said("bad")
    telnyx.fix()
    assert telnyx.number.connection_id == "777"


def test_a_number_at_telnyx_that_is_not_in_use_yet(telnyx):
    telnyx.number.status = "port-pending"
    assert "this number is port-pending" in telnyx.said("warn")


def test_an_application_that_cannot_dial(telnyx):
    """The only profile there is is assigned; of several, none."""
    telnyx.application.profile = None
    assert "D38" in telnyx.said("warn")
    spare = telnyx.carriers.telnyx.world.spare_profiles
    account = telnyx.carriers.telnyx.world.accounts[KEY]
    spare += [(account, Profile("p1")), (account, Profile("p2"))]
    telnyx.fix()
    assert telnyx.application.profile is None
    spare.pop()
    telnyx.fix()
    assert telnyx.application.profile.id == "p1" and "D38" not in telnyx.said("warn")


@pytest.mark.parametrize(
    ("changes", "most_calls", "says"),
    [
        ({"enabled": False}, None, "is disabled"),
        ({"concurrent_calls": 2}, None, "at most 2 at once"),
        ({"concurrent_calls": 20}, 50, "50 are dialled at once from here"),
        ({"destinations": ("CA",)}, None, "calls CA"),
    ],
)
def test_an_outbound_profile_with_limits(telnyx, changes, most_calls, says):
    for name, value in changes.items():
        setattr(telnyx.application.profile, name, value)
    telnyx.row.most_calls = most_calls
    telnyx.row.save()
    assert says in telnyx.said("warn", "ok")
