import pytest

from agents.models import Agent, AgentVersion
from agents.services import create_agent, ensure_default_agent
from patter_site.testing import api, error_of, make_key

URL = "/api/v1/agents"


def make(cast, **fields):
    return api(cast.key).post(URL, {"name": "Mia", **fields})


def test_creating_publishes_version_1(cast):
    body = make(cast, system_prompt="Be brief.").json()
    assert body["id"].startswith("agt_") and body["published_version"] == 1
    assert body["system_prompt"] == body["draft"]["system_prompt"] == "Be brief."


def test_a_draft_is_not_published(cast):
    body = make(cast, draft=True).json()
    assert body["published_version"] is None and body["name"] == "Mia"


def test_a_change_edits_the_draft_until_it_is_published(cast):
    agent = make(cast).json()
    changed = api(cast.key).patch(f"{URL}/{agent['id']}", {"first_message": "Hi"}).json()
    assert (changed["first_message"], changed["draft"]["first_message"]) == ("", "Hi")
    published = api(cast.key).post(f"{URL}/{agent['id']}/publish", {"base_version": 1}).json()
    assert (published["published_version"], published["first_message"]) == (2, "Hi")


def test_publishing_over_somebody_elses_version_is_refused(cast):
    agent = make(cast).json()
    url = f"{URL}/{agent['id']}/publish"
    assert api(cast.key).post(url, {"base_version": 1}).status_code == 200
    refused = api(cast.key).post(url, {"base_version": 1})
    assert refused.status_code == 409 and error_of(refused)["code"] == "version_moved"


def test_an_old_version_is_restored_into_the_draft(cast):
    agent = make(cast, first_message="one").json()
    url = f"{URL}/{agent['id']}"
    api(cast.key).patch(url, {"first_message": "two"})
    api(cast.key).post(f"{url}/publish")
    body = api(cast.key).post(f"{url}/versions/1/restore").json()
    assert (body["draft"]["first_message"], body["first_message"]) == ("one", "two")
    numbers = [row["version"] for row in api(cast.key).get(f"{url}/versions").json()["results"]]
    assert numbers == [2, 1]
    assert api(cast.key).post(f"{url}/versions/9/restore").status_code == 404


def test_a_wrong_configuration_changes_nothing(cast):
    agent = make(cast).json()
    refused = api(cast.key).patch(f"{URL}/{agent['id']}", {"mode": "telepathy"})
    assert refused.status_code == 400 and "mode" in error_of(refused)["fields"]
    assert make(cast, mode="radio").status_code == 400
    assert Agent.objects.of(cast.organisation).count() == 1


def test_a_deleted_agent_is_gone_and_its_versions_stay(cast):
    agent = make(cast).json()
    assert api(cast.key).delete(f"{URL}/{agent['id']}").status_code == 204
    assert api(cast.key).get(f"{URL}/{agent['id']}").status_code == 404
    assert api(cast.key).get(URL).json()["results"] == []
    assert AgentVersion.objects.of(cast.organisation).count() == 1


def test_the_default_agent_stays(cast):
    agent = ensure_default_agent(organisation=cast.organisation)
    assert ensure_default_agent(organisation=cast.organisation) == agent
    refused = api(cast.key).delete(f"{URL}/{agent.pk}")
    assert refused.status_code == 409 and error_of(refused)["code"] == "default_agent"


def test_another_agent_can_become_the_default(cast):
    first = ensure_default_agent(organisation=cast.organisation)
    second = make(cast).json()
    assert api(cast.key).patch(f"{URL}/{second['id']}", {"is_default": True}).json()["is_default"]
    first.refresh_from_db()
    assert not first.is_default


def test_the_same_key_creates_one_agent(cast):
    answers = [api(cast.key, Idempotency_Key="a").post(URL, {"name": "Mia"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Agent.objects.of(cast.organisation).count() == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""),
        ("patch", ""),
        ("delete", ""),
        ("post", "/publish"),
        ("get", "/versions"),
        ("post", "/versions/1/restore"),
    ],
)
def test_cleo_finds_nothing(cast, method, path):
    agent = create_agent(organisation=cast.organisation, config={"name": "A"})
    assert getattr(api(cast.other_key), method)(f"{URL}/{agent.pk}{path}").status_code == 404
    assert api(cast.other_key).get(URL).json()["results"] == []


def test_reading_does_not_allow_writing(cast):
    key = make_key(cast.organisation, cast.ada, ["agents:read"])
    assert api(key).get(URL).status_code == 200
    assert api(key).post(URL, {"name": "x"}).status_code == 403


def test_a_page_of_agents_costs_a_fixed_number_of_queries(cast, django_assert_max_num_queries):
    for i in range(12):
        make(cast, name=f"A{i}")
    with django_assert_max_num_queries(7):
        assert len(api(cast.key).get(URL).json()["results"]) == 12
