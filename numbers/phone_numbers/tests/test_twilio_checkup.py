"""The doctor at Twilio: in its own words, and mending only what is nobody else's."""

import pytest

from patter_site.testing import make_cast
from phone_numbers.services import create_carrier_account, create_number
from phone_numbers.tests.twilio_server import twilio_server
from phone_numbers.twilio_checkup import check_twilio

SID, NUMBER = "AC00000000000000000000000000000001", "+15550002222"


@pytest.fixture
def carrier(settings, db):
    with twilio_server() as server:
        settings.PATTER_TWILIO_BASE_URL = server.base_url
        server.answer(
            "GET", ".json", 200, {"sid": SID, "status": "active", "type": "Full", "friendly_name": "A"}
        )
        yield server


@pytest.fixture
def number(carrier):
    cast = make_cast()
    account = create_carrier_account(
        organisation=cast.organisation, carrier="twilio", account_sid=SID, auth_token="t" * 32
    )
    return create_number(organisation=cast.organisation, number=NUMBER, carrier_account=account)


def at_twilio(carrier, voice_url: str) -> None:
    row = {"sid": "PN1", "phone_number": NUMBER, "voice_url": voice_url, "capabilities": {"voice": True}}
    carrier.answer("GET", "/IncomingPhoneNumbers.json", 200, {"incoming_phone_numbers": [row]})
    carrier.answer("POST", "/IncomingPhoneNumbers/PN1.json", 200, row)


def said(level: str) -> list[str]:
    return [finding.says for finding in check_twilio() if finding.level == level]


def test_what_is_well(number, carrier):
    at_twilio(carrier, f"https://patter.test/webhooks/twilio/{number.carrier_account_id}/voice")
    assert said("bad") == said("warn") == []
    assert any("come here" in says for says in said("ok"))
    assert any("wss://patter.test" in says for says in said("ok"))


def test_refused_credentials_are_told_in_the_carriers_words(number, carrier):
    carrier.answer("GET", ".json", 401, {"code": 20003, "message": "Authenticate"})
    assert any("Authenticate" in says for says in said("bad"))


def test_a_trial_account_and_one_that_is_closed(number, carrier):
    at_twilio(carrier, "")
    carrier.answer("GET", ".json", 200, {"sid": SID, "status": "active", "type": "Trial"})
    assert any("verified numbers only" in says for says in said("warn"))
    carrier.answer("GET", ".json", 200, {"sid": SID, "status": "suspended", "type": "Full"})
    assert any("is suspended" in says for says in said("bad"))


def test_calls_that_go_nowhere_are_sent_here_and_somebody_elses_are_not(number, carrier):
    at_twilio(carrier, "")
    [finding] = [finding for finding in check_twilio() if finding.level == "bad"]
    finding.fix()
    assert carrier.asked[-1][1]["VoiceUrl"][0].endswith("/voice")
    at_twilio(carrier, "https://elsewhere.example/voice")
    [finding] = [finding for finding in check_twilio() if finding.level == "bad"]
    assert "elsewhere.example" in finding.says and finding.fix is None


def test_a_number_that_the_account_does_not_have(number, carrier):
    carrier.answer("GET", "/IncomingPhoneNumbers.json", 200, {"incoming_phone_numbers": []})
    assert any("does not have this number" in says for says in said("bad"))


def test_a_stream_address_that_twilio_cannot_open(number, carrier, settings):
    at_twilio(carrier, "")
    settings.PATTER_MEDIA_URL = "http://media.example"
    assert any("31922" in says for says in said("bad"))
