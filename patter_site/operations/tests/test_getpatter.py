"""The addresses of getpatter 0.4: what is refused, and that nobody sees another organisation's rows."""

from __future__ import annotations

import pytest

from agents.services import create_agent
from patter_site.testing import api, error_of, make_cast
from phone_numbers.services import create_carrier_account, create_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def test_agents_are_made_changed_and_taken_out_of_use(cast):
    made = api(cast.key).post(
        "/api/agents", {"name": "Old", "model": "gpt-4o", "voice": "alloy", "tools": None}
    )
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["model"], made.json()["voice"]) == ("Old", "gpt-4o", "alloy")
    address = f"/api/agents/{made.json()['id']}"
    changed = api(cast.key).patch(address, {"system_prompt": "Be brief."})
    assert (changed.status_code, changed.json()["system_prompt"]) == (200, "Be brief.")
    assert [agent["id"] for agent in api(cast.key).get("/api/agents").json()] == [made.json()["id"]]
    assert api(cast.key).delete(address).status_code == 204
    assert api(cast.key).get("/api/agents").json() == []


@pytest.mark.parametrize(
    ("model", "mode"), [("gpt-4o", "pipeline"), ("gpt-4o-mini-realtime-preview", "realtime")]
)
def test_a_change_of_voice_leaves_the_way_in_which_an_agent_speaks(cast, model, mode):
    given = {"name": "Old", "model": model, "voice": "alloy", "voice_provider": "openai"}
    made = api(cast.key).post("/api/agents", given).json()
    changed = api(cast.key).patch(f"/api/agents/{made['id']}", {"voice": "nova"}).json()
    assert (changed["voice"], changed["model"]) == ("nova", made["model"])
    assert api(cast.key).get(f"/api/v1/agents/{made['id']}").json()["mode"] == mode


def test_a_number_that_somebody_else_answers_is_an_error_that_an_old_program_raises(cast):
    """It ignores 409 when it registers."""
    body = {"number": "+14155550100", "provider": "twilio"}
    secrets = {"api_key": "AC" + "0" * 32, "api_secret": "x" * 32}
    mine = create_agent(organisation=cast.organisation, config={"name": "Mia"})
    account = create_carrier_account(
        organisation=cast.organisation, carrier="twilio", account_sid=secrets["api_key"], auth_token="x" * 32
    )
    create_number(organisation=cast.organisation, number=body["number"], carrier_account=account, agent=mine)
    refused = api(cast.key).post("/api/phone-numbers", {**body, "provider_credentials": secrets})
    assert refused.status_code == 400
    assert "Mia" in error_of(refused)["message"]


def test_another_organisations_rows_are_not_there(cast):
    agent = create_agent(organisation=cast.other, config={"name": "Cleo's"})
    account = create_carrier_account(
        organisation=cast.other, carrier="twilio", account_sid="AC1", auth_token="x" * 32
    )
    number = create_number(organisation=cast.other, number="+14155550100", carrier_account=account)
    mine = api(cast.key)
    for path in ("agents", "numbers", "calls"):
        assert mine.get(f"/api/{path}").json() == []
    assert mine.patch(f"/api/agents/{agent.pk}", {"name": "mine"}).status_code == 404
    assert mine.delete(f"/api/agents/{agent.pk}").status_code == 404
    body = {"agent_id": agent.pk}
    assert mine.post(f"/api/phone-numbers/{number.pk}/assign-agent", body).status_code == 404
    assert mine.get("/api/calls/call_1").status_code == 404


def test_lists_hold_everything_in_a_fixed_number_of_queries(cast, django_assert_max_num_queries):
    account = create_carrier_account(
        organisation=cast.organisation, carrier="twilio", account_sid="AC1", auth_token="x" * 32
    )
    for count in range(60):
        create_agent(organisation=cast.organisation, config={"name": f"Agent {count}"})
        number = f"+141555501{count:02d}"
        create_number(organisation=cast.organisation, number=number, carrier_account=account)
    for path in ("agents", "numbers"):
        with django_assert_max_num_queries(8):
            rows = api(cast.key).get(f"/api/{path}").json()
        assert len(rows) >= 60, "those that it did not make are there, too"
        assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)


@pytest.mark.parametrize(
    "body",
    [
        {"number": "12", "provider": "twilio"},
        {"number": "+14155550100", "provider": "nobody", "provider_credentials": {"api_key": "k"}},
        {"number": "+14155550100", "provider": "twilio", "provider_credentials": "k"},
        {"number": "+14155550100", "provider": "telnyx", "provider_credentials": {"api_key": "k"}},
        {},
    ],
)
def test_a_number_that_cannot_be_meant_is_said(cast, body):
    refused = api(cast.key).post("/api/phone-numbers", body)
    assert refused.status_code == 400
    assert error_of(refused)["code"] == "validation_failed"


def test_what_is_no_object_or_has_no_key_is_refused(cast):
    assert api(cast.key).post("/api/agents", [1]).status_code == 400
    assert api(cast.key).post("/api/agents", {"name": "A", "tools": [{"name": "x"}]}).status_code == 400
    assert api().get("/api/agents").status_code == 401
    assert error_of(api(cast.key).post("/api/numbers/buy", {}))["code"] == "not_available"
    assert api(cast.key).get("/api/calls?limit=many").json() == []


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/agents", {"name": "Old", "model": {"a": 1}}),
        ("/api/phone-numbers", {"number": "+14155550100", "provider": ["twilio"]}),
        ("/api/phone-numbers", {"number": "+14155550100", "stt_config": {"provider": ["deepgram"]}}),
    ],
)
def test_values_of_another_kind_are_refused(cast, address, body):
    assert error_of(api(cast.key).post(address, body))["code"] == "validation_failed"
