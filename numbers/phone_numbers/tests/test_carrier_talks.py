import pytest

from patter_site.testing import api, error_of
from phone_numbers.services import create_carrier_account, create_number

NUMBER = "+14155550100"


@pytest.fixture
def account(cast):
    return create_carrier_account(
        organisation=cast.organisation, carrier="twilio", account_sid="AC1", auth_token="x" * 32
    )


@pytest.fixture
def number(cast, account):
    return create_number(organisation=cast.organisation, number=NUMBER, carrier_account=account)


def check(cast, account):
    return api(cast.key).post(f"/api/v1/carrier-accounts/{account.pk}/check").json()


def configure(cast, number, **body):
    return api(cast.key).post(f"/api/v1/numbers/{number.pk}/configure", body)


def has_number(carrier, voice_url=""):
    row = {"sid": "PN1", "phone_number": NUMBER, "voice_url": voice_url}
    carrier.answer("GET", "/IncomingPhoneNumbers.json", 200, {"incoming_phone_numbers": [row]})
    ours = "https://patter.test/webhooks/twilio/x/voice"
    carrier.answer("POST", "/IncomingPhoneNumbers/PN1.json", 200, {**row, "voice_url": ours})


def test_an_account_that_works_is_said_to_work(cast, account, carrier):
    carrier.answer("GET", ".json", 200, {"sid": "AC1", "status": "active", "type": "Full"})
    body = check(cast, account)
    assert body["check_error"] == "" and body["checked_at"]


def test_the_carriers_no_is_kept_in_its_own_words(cast, account, carrier):
    carrier.answer("GET", ".json", 401, {"code": 20003, "message": "Authenticate"})
    assert check(cast, account)["check_error"] == "twilio: Authenticate"
    carrier.answer("GET", ".json", 200, {"sid": "AC1", "status": "suspended"})
    assert check(cast, account)["check_error"] == "twilio: the account is suspended"


@pytest.mark.parametrize("free", ["", "https://demo.twilio.com/welcome/voice/"])
def test_a_free_number_is_configured(cast, account, number, carrier, free):
    has_number(carrier, free)
    assert configure(cast, number).status_code == 200
    form = carrier.asked[-1][1]
    base = f"https://patter.test/webhooks/twilio/{account.pk}"
    assert form["VoiceUrl"] == [f"{base}/voice"] and form["StatusCallback"] == [f"{base}/status"]


def test_somebody_elses_address_is_not_overwritten(cast, number, carrier):
    has_number(carrier, "https://mine.example.com/voice")
    refused = configure(cast, number)
    assert refused.status_code == 409 and error_of(refused)["code"] == "voice_url_taken"
    assert "mine.example.com" in error_of(refused)["message"]
    assert all(asked.startswith("GET") for asked, _ in carrier.asked)
    assert configure(cast, number, replace=True).status_code == 200


def test_our_own_address_with_keys_of_its_owner_is_ours(cast, account, number, carrier):
    has_number(carrier, f"https://patter.test/webhooks/twilio/{account.pk}/voice?campaign=spring")
    assert configure(cast, number).status_code == 200


def test_a_number_that_the_account_lacks_is_the_carriers_error(cast, number, carrier):
    carrier.answer("GET", "/IncomingPhoneNumbers.json", 200, {"incoming_phone_numbers": []})
    refused = configure(cast, number)
    assert refused.status_code == 502 and "does not have this number" in error_of(refused)["message"]


def test_without_a_public_address_nothing_is_configured(cast, number, settings):
    settings.PATTER_PUBLIC_URL = ""
    assert error_of(configure(cast, number))["code"] == "not_configurable"
