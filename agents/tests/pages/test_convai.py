"""The page of the ElevenLabs agent: what is wrong is said, and one button mends it."""

from __future__ import annotations

import pytest

from agents.models import Agent, ProviderCredential
from agents.services import create_agent
from patter.simulators.elevenlabs import Fault


@pytest.fixture
def agent(cast, vendor) -> Agent:
    ProviderCredential.objects.create(
        organisation=cast.organisation, provider="elevenlabs", api_key=vendor.api_key
    )
    config = {"name": "Desk", "mode": "convai", "reply_by": "model"}
    return create_agent(organisation=cast.organisation, config=config, draft=True, by=cast.ada)


def page(client, cast, agent, what: str = "") -> str:
    url = f"/o/{cast.organisation.slug}/agents/{agent.pk}/elevenlabs/"
    answer = client.post(url, {"what": what}) if what else client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_agent_is_made_and_found_right(client, cast, agent, vendor):
    client.force_login(cast.ada)
    assert "There is no ElevenLabs agent yet" in page(client, cast, agent)
    made = page(client, cast, agent, "provision")
    agent.refresh_from_db()
    assert agent.draft["convai_agent_id"] in vendor.convai.agents
    assert agent.draft["convai_agent_id"] in made and "Publish the draft" in made
    assert "is set up as calls need it" in page(client, cast, agent, "check")


def test_what_is_wrong_is_listed(client, cast, agent, vendor):
    client.force_login(cast.ada)
    page(client, cast, agent, "provision")
    for row in vendor.convai.agents.values():
        row["conversation_config"]["tts"]["agent_output_audio_format"] = "pcm_16000"
    assert "Set the TTS output format" in page(client, cast, agent, "check")


def test_a_vendor_that_refuses_is_quoted(client, cast, agent, vendor):
    client.force_login(cast.ada)
    vendor.faults.always("agents", Fault(status=401))
    assert "invalid_api_key" in page(client, cast, agent, "provision")


def test_who_may_not_edit_sees_no_button_and_changes_nothing(client, cast, agent, vendor):
    client.force_login(cast.ben)
    assert "<button" not in page(client, cast, agent).partition("<h1>")[2].partition("</main>")[0]
    page(client, cast, agent, "provision")
    assert vendor.convai.agents == {}
