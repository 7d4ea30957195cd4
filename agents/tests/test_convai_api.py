"""An agent in convai mode is set up over REST, against a simulated ElevenLabs in a thread of its own."""

from __future__ import annotations

import pytest

from agents.models import Agent, ProviderCredential
from agents.reply_keys import reply_key
from patter.simulators.elevenlabs import ElevenLabsServer, Fault
from patter_site.testing import Cast, api, error_of

AGENTS = "/api/v1/agents"


def make(cast: Cast, vendor: ElevenLabsServer, **config) -> str:
    ProviderCredential.objects.create(
        organisation=cast.organisation, provider="elevenlabs", api_key=vendor.api_key
    )
    given = {"name": "Desk", "mode": "convai", "reply_by": "handler", "draft": True, **config}
    return api(cast.key).post(AGENTS, given).json()["id"]


def do(cast: Cast, agent: str, what: str):
    return api(cast.key).post(f"{AGENTS}/{agent}/convai/{what}")


def test_an_agent_is_made_noted_in_the_draft_and_found_ready(cast, vendor):
    agent = make(cast, vendor)
    made = do(cast, agent, "provision").json()
    assert (made["created"], made["ready"]) == (True, True)
    assert (
        Agent.objects.of(cast.organisation).get(pk=agent).draft["convai_agent_id"] == made["convai_agent_id"]
    )
    llm = vendor.convai.agents[made["convai_agent_id"]]["conversation_config"]["agent"]["prompt"][
        "custom_llm"
    ]
    assert llm["url"] == f"https://calls.example/llm/v1/{agent}"
    [secret] = vendor.convai.secrets.values()
    assert secret["value"] == reply_key(agent)
    again = do(cast, agent, "provision").json()
    assert (again["created"], again["changed"]) == (False, [])
    assert do(cast, agent, "check").json()["ready"] is True


def test_a_check_says_what_to_do_and_changes_nothing(cast, vendor):
    agent = make(cast, vendor, convai_agent_id=vendor.convai.add_agent(), reply_by="model")
    checked = do(cast, agent, "check").json()
    assert checked["ready"] is False and vendor.convai.writes == []
    sentences = [finding["sentence"] for finding in checked["findings"]]
    assert "Set the TTS output format to μ-law 8000 Hz." in sentences
    assert any("end_call" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("config", "what", "status", "code"),
    [
        ({"mode": "pipeline"}, "check", 409, "mode_not_convai"),
        ({}, "check", 409, "convai_agent_missing"),
        ({"convai_agent_id": "agent_gone"}, "check", 502, "provider_refused"),
    ],
)
def test_what_cannot_be_is_said(cast, vendor, config, what, status, code):
    answer = do(cast, make(cast, vendor, **config), what)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


def test_without_a_public_address_a_handler_cannot_reply(cast, vendor, settings):
    settings.PATTER_PUBLIC_URL = ""
    settings.DEBUG = False
    answer = do(cast, make(cast, vendor), "provision")
    assert error_of(answer)["code"] == "public_url_missing" and vendor.convai.agents == {}


def test_a_vendor_that_is_away_is_no_fault_of_the_request(cast, vendor):
    vendor.faults.always("agents", Fault(status=500))
    answer = do(cast, make(cast, vendor), "provision")
    assert answer.status_code == 502 and "internal_server_error" in error_of(answer)["message"]


def test_another_organisations_agent_is_not_found(cast, vendor):
    agent = make(cast, vendor)
    assert api(cast.other_key).post(f"{AGENTS}/{agent}/convai/provision").status_code == 404


def test_an_id_that_is_none_is_refused(cast):
    answer = api(cast.key).post(AGENTS, {"name": "Desk", "mode": "convai", "convai_agent_id": "a/../b"})
    assert "convai_agent_id" in error_of(answer)["fields"]
