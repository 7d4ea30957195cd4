"""The pages of agents: who may change one, and that nothing typed is lost."""

import pytest

from agents.forms import changes_of, initial_of
from agents.models import Agent
from agents.services import change_draft, create_agent, publish_agent
from patter_site.testing import make_cast
from tools.services import create_tool

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(client):
    cast = make_cast(ben_role="operator")
    client.force_login(cast.ada)
    return cast


@pytest.fixture
def agent(cast) -> Agent:
    config = {"name": "Desk", "reply_by": "model", "tts": {"provider": "offline", "options": {"speed": 2}}}
    return create_agent(organisation=cast.organisation, config=config, by=cast.ada)


def fields(**changed) -> dict[str, str]:
    values = {
        name: value for name, value in initial_of({"name": "Desk"}).items() if value not in (None, False)
    }
    return {**values, **changed}


def address(cast, *parts: str) -> str:
    return "/".join([f"/o/{cast.organisation.slug}/agents", *parts, ""])


def test_strangers_get_404_and_readers_cannot_change(client, cast, agent):
    client.force_login(cast.cleo)
    for part in ((), (agent.pk,), (agent.pk, "versions")):
        assert client.get(address(cast, *part)).status_code == 404
    client.force_login(cast.ben)
    page = client.get(address(cast, agent.pk)).content.decode()
    assert "Builders and above" in page and "Publish" not in page
    client.post(address(cast, agent.pk), fields(name="Mine"))
    agent.refresh_from_db()
    assert agent.name == "Desk"
    assert client.get(address(cast, "new")).status_code == 403


def test_create_a_draft_or_publish_at_once(client, cast):
    client.post(address(cast, "new"), fields(name="One"))
    client.post(address(cast, "new"), fields(name="Two", publish="1"))
    made = Agent.objects.of(cast.organisation).order_by("name")
    assert [(agent.name, agent.published_version) for agent in made] == [("One", None), ("Two", 1)]


def test_a_wrong_field_is_named_focused_and_nothing_is_lost(client, cast):
    response = client.post(
        address(cast, "new"), fields(name="", language="no tag", system_prompt="A long story")
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "A long story" in page and page.count("autofocus") == 1
    assert 'id="id_name_error">This field is required.' in page
    response = client.post(address(cast, "new"), fields(language="no tag"))
    assert "Give a language tag" in response.content.decode()


def test_out_of_bounds_values_are_refused_by_the_form(client, cast):
    page = client.post(address(cast, "new"), fields(endpointing_ms="9")).content.decode()
    assert "greater than or equal to 50" in page and '<details class="fold" open>' in page


def test_publish_says_the_version_and_refuses_when_another_came_between(client, cast, agent):
    sent = fields(first_message="Hello.", publish="1", base_version="1")
    page = client.post(address(cast, agent.pk), sent, follow=True).content.decode()
    assert "Version 2 is published" in page and "Publish v3" in page
    late = client.post(address(cast, agent.pk), {**sent, "first_message": "Too late."})
    assert late.status_code == 422
    page = late.content.decode()
    assert "The published version is now 2" in page and "Too late." in page


def test_the_draft_saves_itself_and_says_so(client, cast, agent):
    headers = {"HX-Request": "true"}
    part = client.post(address(cast, agent.pk), fields(first_message="Hi."), headers=headers).content.decode()
    assert "saved" in part and "since v1" in part
    part = client.post(address(cast, agent.pk), fields(name=""), headers=headers).content.decode()
    assert "Not saved: 1 field" in part and "This field is required." in part
    agent.refresh_from_db()
    assert (agent.draft["first_message"], agent.name) == ("Hi.", "Desk")


def test_versions_say_what_changed_and_come_back(client, cast, agent):
    change_draft(agent=agent, changes={"first_message": "Good evening."})
    publish_agent(agent=agent, by=cast.ada)
    page = client.get(address(cast, agent.pk, "versions")).content.decode()
    assert "First message" in page and "Good evening." in page and "In use" in page
    client.post(address(cast, agent.pk, "versions", "1", "restore"))
    agent.refresh_from_db()
    assert (agent.draft["first_message"], agent.published_version) == ("", 2)


def test_settings_that_the_form_does_not_show_stay():
    config = {
        "tts": {"provider": "offline", "options": {"speed": 2}},
        "turn_taking": {"ring_s": 20, "idle_prompts": 1, "preset": "patient"},
    }
    changes = changes_of(_cleaned(initial_of({"name": "Desk", **config})), config)
    assert changes["tts"]["options"] == {"speed": 2}
    assert changes["turn_taking"]["ring_s"] == 20 and changes["turn_taking"]["preset"] == "patient"


def test_saving_what_one_sees_changes_nothing(client, cast, agent):
    before = agent.draft
    client.post(address(cast, agent.pk), {**fields(), **{k: v for k, v in initial_of(before).items() if v}})
    agent.refresh_from_db()
    assert agent.draft == before


def test_the_voice_detector_is_written_only_when_somebody_chose(client, cast, agent):
    chosen = changes_of(_cleaned(initial_of({"name": "Desk"}) | {"voice_detector": "silero"}), {})
    assert chosen["turn_taking"] == {"voice_detector": "silero"}
    back = changes_of(_cleaned(initial_of(chosen | {"name": "Desk"}) | {"voice_detector": "energy"}), chosen)
    assert back["turn_taking"] == {"voice_detector": "energy"}
    assert 'name="voice_detector"' in client.get(address(cast, agent.pk)).content.decode()


def _cleaned(values):
    from agents.forms import AgentForm

    form = AgentForm({name: value for name, value in values.items() if value is not None})
    assert form.is_valid(), form.errors
    return form.cleaned_data


def test_as_many_queries_for_twenty_agents_as_for_one(client, cast, agent, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as few:
        client.get(address(cast))
    for number in range(20):
        create_agent(organisation=cast.organisation, config={"name": f"Agent {number}"})
    with django_assert_max_num_queries(len(few)):
        assert client.get(address(cast)).content.decode().count("<tr>") == 22


def test_the_mode_is_chosen_with_its_differences_in_sight(client, cast):
    page = client.get(address(cast, "new")).content.decode()
    assert "any voice interrupts, without resuming" in page
    client.post(address(cast, "new"), fields(mode="realtime", voice="cedar", tts_provider="offline"))
    agent = Agent.objects.of(cast.organisation).get()
    assert (agent.draft["mode"], agent.draft["voice"], agent.draft["tts"]) == (
        "realtime",
        "cedar",
        {"provider": "offline"},
    )
    assert initial_of(agent.draft)["voice"] == "cedar"
    refused = client.post(address(cast, "new"), fields(mode="realtime", llm_provider="offline"))
    assert "cannot be used in the mode" in refused.content.decode()


def test_an_agent_is_given_tools_on_its_form(client, cast, agent):
    values = {"name": "book", "description": "Book a table", "url": "https://api.example.com/"}
    create_tool(organisation=cast.organisation, values=values)
    assert "Book a table" in client.get(address(cast, agent.pk)).content.decode()
    client.post(address(cast, agent.pk), fields(tools=["book"]))
    agent.refresh_from_db()
    assert agent.draft["tools"] == ["book"]
