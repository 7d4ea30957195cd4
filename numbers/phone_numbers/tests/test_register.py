"""A number in one step: idempotent, and never taken from somebody's agent without asking."""

from __future__ import annotations

import pytest

from agents.models import Agent, ProviderCredential
from agents.services import create_agent
from patter_site.testing import api, error_of, make_cast, make_key
from phone_numbers.models import CarrierAccount, PhoneNumber
from phone_numbers.tests.twilio_server import twilio_server

pytestmark = pytest.mark.django_db
SID = "AC" + "0" * 31 + "1"
BODY = {
    "number": "+14155550000",
    "carrier": "twilio",
    "account_sid": SID,
    "auth_token": "token-of-ada-0001",
    "stt": {"provider": "deepgram", "api_key": "dg-key-of-ada-00001", "language": "de"},
    "tts": {"provider": "elevenlabs", "api_key": "el-key-of-ada-00001", "voice": "rachel"},
}


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def twilio(settings):
    settings.PATTER_PUBLIC_URL = "https://patter.example.com"
    with twilio_server() as server:
        settings.PATTER_TWILIO_BASE_URL = server.base_url
        number = {"sid": "PN1", "phone_number": "+14155550000", "voice_url": "", "status_callback": ""}
        server.answer("GET", "/IncomingPhoneNumbers.json", 200, {"incoming_phone_numbers": [number]})
        configured = {**number, "voice_url": "https://patter.example.com/x", "status_callback": ""}
        server.answer("POST", "/IncomingPhoneNumbers/PN1.json", 200, configured)
        yield server


def register(cast, **changes):
    return api(cast.key).post("/api/v1/numbers/register", {**BODY, **changes})


def test_everything_is_brought_at_once_and_twice_changes_nothing(cast, twilio):
    first = register(cast)
    assert first.status_code == 200, first.json()
    agent = Agent.objects.of(cast.organisation).get(pk=first.json()["agent"])
    assert (agent.name, agent.published_version) == ("Handler of +14155550000", 1)
    assert (agent.draft["reply_by"], agent.draft["language"]) == ("handler", "de")
    assert agent.draft["tts"] == {"provider": "elevenlabs", "voice": "rachel"}
    assert "api_key" not in str(agent.draft)
    assert register(cast).json() == first.json()
    agent.refresh_from_db()
    assert agent.published_version == 1
    for model in (CarrierAccount, PhoneNumber):
        assert model.objects.of(cast.organisation).count() == 1
    assert ProviderCredential.objects.of(cast.organisation).count() == 2


def test_changed_secrets_and_voices_are_taken_over(cast, twilio):
    register(cast)
    tts = {"provider": "elevenlabs", "api_key": "el-key-of-ada-00002", "voice": "adam"}
    register(cast, auth_token="token-of-ada-0002", tts=tts)
    assert CarrierAccount.objects.of(cast.organisation).get().auth_token == "token-of-ada-0002"
    keys = ProviderCredential.objects.of(cast.organisation)
    assert keys.get(provider="elevenlabs").api_key == "el-key-of-ada-00002"
    agent = Agent.objects.of(cast.organisation).get()
    assert (agent.published_version, agent.draft["tts"]["voice"]) == (2, "adam")


def test_a_number_of_a_dashboard_agent_is_kept_unless_it_is_asked_for(cast, twilio):
    register(cast)
    offline = {"stt": {"provider": "offline"}, "tts": {"provider": "offline"}}
    sales = create_agent(organisation=cast.organisation, config={"name": "Sales", **offline})
    PhoneNumber.objects.of(cast.organisation).update(agent=sales)
    refused = register(cast)
    assert (refused.status_code, error_of(refused)["code"]) == (409, "number_bound")
    assert "'Sales'" in error_of(refused)["message"]
    assert PhoneNumber.objects.of(cast.organisation).get().agent == sales
    taken = register(cast, replace=True)
    assert Agent.objects.of(cast.organisation).get(pk=taken.json()["agent"]).name == "Handler of +14155550000"


def test_without_voices_the_default_agent_answers(cast, twilio):
    body = {name: value for name, value in BODY.items() if name not in ("stt", "tts")}
    made = api(cast.key).post("/api/v1/numbers/register", body)
    assert made.json()["agent"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "12"}, "number"),
        ({"auth_token": ""}, "auth_token"),
        ({"carrier": "plivo"}, "carrier"),
        ({"stt": {"provider": "elevenlabs", "api_key": "k" * 20}}, "stt"),
    ],
)
def test_what_cannot_be_meant_is_said_and_leaves_nothing(cast, twilio, changes, field):
    refused = register(cast, **changes)
    assert refused.status_code == 400 and field in str(error_of(refused)["fields"])
    assert CarrierAccount.objects.of(cast.organisation).count() == 0


def test_only_an_admins_key_may_bring_secrets(cast, twilio):
    key = make_key(cast.organisation, scopes=["numbers:write", "numbers:read"])
    assert api(key).post("/api/v1/numbers/register", BODY).status_code == 403
