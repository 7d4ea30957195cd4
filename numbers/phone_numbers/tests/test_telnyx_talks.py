"""Setting up at Telnyx: in its own words, and never over somebody else's address."""

import pytest

from patter.simulators.telnyx.world import SigningKey
from patter_site.testing import api, error_of
from phone_numbers.services import create_carrier_account, create_number
from phone_numbers.tests.telnyx_server import telnyx_server

NUMBER, CONNECTION = "+12025550100", "149"
APPLICATION = f"/call_control_applications/{CONNECTION}"


@pytest.fixture
def carrier(settings):
    with telnyx_server() as server:
        settings.PATTER_TELNYX_BASE_URL = server.base_url
        yield server


@pytest.fixture
def account(cast):
    return create_carrier_account(
        organisation=cast.organisation,
        carrier="telnyx",
        api_key="KEY0123",
        public_key=SigningKey().public_key,
        connection_id=CONNECTION,
    )


@pytest.fixture
def number(cast, account):
    return create_number(organisation=cast.organisation, number=NUMBER, carrier_account=account)


def ours(account):
    return f"https://patter.test/webhooks/telnyx/{account.pk}"


def has(carrier, webhook_url="", connection="", profile="p1", version="2", **more):
    application = {
        "id": CONNECTION,
        "application_name": "App",
        "webhook_event_url": webhook_url,
        "webhook_api_version": version,
        "outbound": {"outbound_voice_profile_id": profile},
        **more,
    }
    number = {"id": "n1", "phone_number": NUMBER, "connection_id": connection}
    limits = {
        "id": "p1",
        "name": "Default",
        "concurrent_call_limit": 2,
        "whitelisted_destinations": ["US", "CA"],
    }
    carrier.answer("GET", APPLICATION, 200, {"data": application})
    carrier.answer("PATCH", APPLICATION, 200, {"data": {**application, "webhook_event_url": "now ours"}})
    carrier.answer("GET", "/phone_numbers", 200, {"data": [number]})
    carrier.answer("PATCH", "/phone_numbers/n1", 200, {"data": {**number, "connection_id": CONNECTION}})
    carrier.answer("GET", "/outbound_voice_profiles/p1", 200, {"data": limits})


def configure(cast, number, **body):
    return api(cast.key).post(f"/api/v1/numbers/{number.pk}/configure", body)


def check(cast, account):
    return api(cast.key).post(f"/api/v1/carrier-accounts/{account.pk}/check").json()["check_error"]


def test_an_account_that_works_is_said_to_work(cast, account, carrier):
    has(carrier)
    assert check(cast, account) == ""


def test_telnyxs_no_is_kept_in_its_own_words(cast, account, carrier):
    carrier.refuse("GET", APPLICATION, 401, "10009", "No key found matching the secret")
    assert check(cast, account) == "telnyx: No: No key found matching the secret"
    has(carrier, active=False)
    assert "not active" in check(cast, account)


def test_a_public_key_that_is_none_is_said(cast, account, carrier):
    has(carrier)
    account.public_key = "cHVi"
    account.save()
    assert "public key" in check(cast, account)


def test_a_free_application_and_number_are_set_up(cast, account, number, carrier):
    has(carrier)
    assert configure(cast, number).status_code == 200
    changes = dict(asked for asked in carrier.asked if asked[0].startswith("PATCH"))
    assert changes[f"PATCH {APPLICATION}"] == {
        "application_name": "App",
        "webhook_event_url": ours(account),
        "webhook_api_version": "2",
    }
    assert changes["PATCH /phone_numbers/n1"] == {"connection_id": CONNECTION}


def test_what_is_set_up_already_is_left_alone(cast, account, number, carrier):
    has(carrier, ours(account), CONNECTION)
    assert configure(cast, number).json()["voice_url"] == ours(account)
    assert all(asked.startswith("GET") for asked, _ in carrier.asked)


@pytest.mark.parametrize(
    ("set_up", "code", "named"),
    [
        ({"webhook_url": "https://mine.example.com/x"}, "webhook_url_taken", "mine.example.com"),
        ({"connection": "777"}, "connection_taken", "777"),
    ],
)
def test_somebody_elses_set_up_is_not_overwritten(cast, account, number, carrier, set_up, code, named):
    has(carrier, **set_up)
    refused = configure(cast, number)
    assert refused.status_code == 409 and error_of(refused)["code"] == code
    assert named in error_of(refused)["message"]
    assert all(asked.startswith("GET") for asked, _ in carrier.asked)
    assert configure(cast, number, replace=True).status_code == 200


def test_a_number_that_the_account_lacks_is_the_carriers_error(cast, number, carrier):
    carrier.answer("GET", "/phone_numbers", 200, {"data": []})
    refused = configure(cast, number)
    assert refused.status_code == 502 and "does not have this number" in error_of(refused)["message"]
