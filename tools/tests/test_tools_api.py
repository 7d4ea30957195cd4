"""Tools over REST: what is kept, what is refused, and that secrets never come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from patter.standard_webhooks import verify
from patter_site.testing import Cast, api, error_of, make_cast
from patter_site.tests.loopback import Asked, answering
from tools.models import Tool

PARAMETERS = {
    "type": "object",
    "properties": {"product": {"type": "string"}},
    "required": ["product"],
}
STOCK = {
    "name": "check_inventory",
    "description": "Check product stock",
    "parameters": PARAMETERS,
    "url": "https://api.example.com/{shop}/inventory?lang={language}",
}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@contextmanager
def shop(status: int = 200, body: bytes = b'{"left": 3}') -> Iterator[tuple[str, list[Any]]]:
    """A customer's server: its address, and what it was sent."""
    requests: list[Any] = []

    def take(asked: Asked) -> tuple[int, bytes]:
        requests.append((asked.path, asked.headers, asked.body))
        return status, body

    with answering(take) as base_url:
        yield base_url, requests


def create(cast: Cast, **fields: Any) -> dict[str, Any]:
    answer = api(cast.key).post("/api/v1/tools", {**STOCK, **fields})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_tool_from_creation_to_deletion(cast):
    client = api(cast.key)
    made = create(cast)
    assert made["signing_secret"].startswith("whsec_")
    assert (made["effects"], made["wait_s"], made["kind"]) == (True, 10, "webhook")
    shown = client.get(f"/api/v1/tools/{made['id']}").json()
    assert "signing_secret" not in shown
    assert client.get("/api/v1/tools").json()["results"] == [shown]
    changed = client.patch(f"/api/v1/tools/{made['id']}", {"description": "Look in the shop", "wait_s": 0})
    assert (changed.json()["description"], changed.json()["wait_s"]) == ("Look in the shop", 0)
    assert changed.json()["effects"] is True, "what is not named stays"
    assert client.delete(f"/api/v1/tools/{made['id']}").status_code == 204
    assert client.get(f"/api/v1/tools/{made['id']}").status_code == 404


def test_secrets_are_sealed_masked_and_kept_when_not_named(cast):
    made = create(cast, secret_headers={"Authorization": "Bearer abcdefghijklmnop", "X-Pin": "1234"})
    assert made["secret_headers"] == {"Authorization": "mnop", "X-Pin": ""}
    row = Tool.objects.of(cast.organisation).values().get()
    assert "abcdefgh" not in str(row)
    assert made["signing_secret"][6:] not in str(row)
    client = api(cast.key)
    path = f"/api/v1/tools/{made['id']}"
    assert client.patch(path, {"secret_headers": {"X-Pin": None}}).json()["secret_headers"] == {
        "Authorization": "mnop"
    }
    assert Tool.objects.of(cast.organisation).get().secret_headers == {
        "Authorization": "Bearer abcdefghijklmnop"
    }
    rotated = client.post(f"{path}/rotate-secret").json()["signing_secret"]
    assert rotated != made["signing_secret"]


def test_a_tool_as_the_readme_writes_it_is_taken(cast):
    client = api(cast.key)
    readme = {("webhook_url" if name == "url" else name): value for name, value in STOCK.items()}
    made = client.post("/api/v1/tools", readme)
    assert (made.status_code, made.json()["url"]) == (201, STOCK["url"])
    path = f"/api/v1/tools/{made.json()['id']}"
    assert client.patch(path, {"webhook_url": "https://api.example.com/b"}).json()["url"].endswith("/b")
    both = client.patch(path, {"url": "https://api.example.com/c", "webhook_url": "https://x.example.com"})
    assert "webhook_url" in error_of(both)["fields"]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": "end_call"}, "name", "built in"),
        ({"name": "9 lives"}, "name", "letters"),
        ({"parameters": {"type": "string"}}, "parameters", "object"),
        ({"parameters": {"type": "object", "properties": 7}}, "parameters", "properties"),
        ({"url": "https://{host}/x"}, "url", "before the path"),
        ({"url": "https://10.0.0.1/x"}, "url", "private network"),
        ({"url": "ftp://a.example/x"}, "url", "https://"),
        ({"url": "https://me:pw@a.example/"}, "url", "no user name"),
        ({"headers": {"Host": "a"}}, "headers", "belongs to the request"),
        ({"headers": {"a b": "c"}}, "headers", "name of a header"),
        ({"headers": {"X-A": "b\r\nX-C: d"}}, "headers", "one line"),
        ({"body": {"arguments": 1}}, "body", "always sent"),
        ({"timeout_s": 0}, "timeout_s", "greater"),
        ({"wait_s": 90}, "wait_s", "less"),
        ({"colour": "red"}, "colour", "Unknown field"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(cast, fields, field, words):
    answer = api(cast.key).post("/api/v1/tools", {**STOCK, **fields})
    assert answer.status_code == 400, answer.content
    assert any(words in str(problem) for problem in error_of(answer)["fields"][field])
    assert not Tool.objects.of(cast.organisation).exists()


def test_a_name_is_taken_once(cast):
    create(cast)
    answer = api(cast.key).post("/api/v1/tools", STOCK)
    assert answer.status_code == 409
    assert error_of(answer)["code"] == "tool_name_taken"
    assert api(cast.other_key).post("/api/v1/tools", STOCK).status_code == 201, "names are each tenant's own"


def test_trying_a_tool_really_calls_it(cast):
    with shop() as (url, asked):
        made = create(
            cast,
            url=url + "/{shop}/stock",
            headers={"X-Lang": "{language}"},
            secret_headers={"X-Key": "a very secret key"},
            body={"till": "{shop}"},
        )
        answer = api(cast.key).post(
            f"/api/v1/tools/{made['id']}/test",
            {"arguments": {"product": "pear"}, "variables": {"shop": "a/b", "language": "de"}},
        )
    assert answer.status_code == 200
    tried = answer.json()
    assert (tried["ok"], tried["result"], tried["status"]) == (True, {"left": 3}, 200)
    assert tried["request"]["headers"] == {"X-Lang": "de", "X-Key": "••••"}
    path, headers, sent = asked[0]
    assert path == "/a%2Fb/stock", "a variable is one piece of a path"
    assert headers["X-Key"] == "a very secret key"
    assert json.loads(sent)["till"] == "a/b"
    assert json.loads(sent)["arguments"] == {"product": "pear"}
    verify(made["signing_secret"], headers, sent, float(headers["webhook-timestamp"]))


def test_trying_a_tool_that_fails_says_why(cast):
    with shop(500, b"boom") as (url, asked):
        made = create(cast, url=url)
        path = f"/api/v1/tools/{made['id']}/test"
        tried = api(cast.key).post(path, {"arguments": {"product": "pear"}}).json()
        assert (tried["ok"], tried["status"], tried["response"]) == (False, 500, "boom")
        wrong = api(cast.key).post(path, {"arguments": {}})
        assert wrong.status_code == 400
        assert "'product' is a required property" in error_of(wrong)["message"]
        assert len(asked) == 1


def test_another_organisation_has_no_part_in_it(cast):
    made = create(cast)
    other = api(cast.other_key)
    path = f"/api/v1/tools/{made['id']}"
    assert other.get(path).status_code == 404
    assert other.patch(path, {"description": "x"}).status_code == 404
    assert other.delete(path).status_code == 404
    assert other.post(f"{path}/test", {}).status_code == 404
    assert other.post(f"{path}/rotate-secret").status_code == 404
    assert other.get("/api/v1/tools").json()["results"] == []


def test_agents_name_the_tools_of_their_organisation_only(cast):
    made = create(cast)
    client = api(cast.key)
    agent = client.post(
        "/api/v1/agents", {"name": "Mia", "tools": ["check_inventory", made["id"], "end_call"]}
    )
    assert agent.status_code == 201, agent.content
    assert agent.json()["tools"] == ["check_inventory", "end_call"]
    refused = api(cast.other_key).post("/api/v1/agents", {"name": "Eve", "tools": [made["id"]]})
    assert refused.status_code == 400
    assert "There is no tool" in str(error_of(refused)["fields"]["tools"])


def test_an_agent_outlives_its_tool(cast):
    made = create(cast)
    client = api(cast.key)
    agent = client.post("/api/v1/agents", {"name": "Mia", "tools": ["check_inventory"]}).json()
    client.delete(f"/api/v1/tools/{made['id']}")
    changed = client.patch(f"/api/v1/agents/{agent['id']}", {"system_prompt": "Be kind."})
    assert changed.status_code == 200, changed.content
    assert changed.json()["draft"]["tools"] == []


def test_secrets_stay_with_the_server_that_they_were_given_for(cast):
    made = create(cast, secret_headers={"X-Key": "a very secret key"})
    path = f"/api/v1/tools/{made['id']}"
    client = api(cast.key)
    moved = client.patch(path, {"url": "https://elsewhere.example/"})
    assert moved.status_code == 400
    assert "another server" in str(error_of(moved)["fields"]["secret_headers"])
    assert client.patch(path, {"url": "https://api.example.com/v2"}).status_code == 200
    again = client.patch(path, {"url": "https://elsewhere.example/", "secret_headers": {"X-Key": "new"}})
    assert again.status_code == 200


def test_staff_find_a_tool_and_see_no_secret(cast, client):
    made = create(cast, secret_headers={"X-Key": "a very secret key"})
    cast.ada.is_staff = cast.ada.is_superuser = True
    cast.ada.save()
    client.force_login(cast.ada)
    listed = client.get("/admin/tools/tool/", {"q": "check_inventory"}).content.decode()
    page = client.get(f"/admin/tools/tool/{made['id']}/change/", follow=True).content.decode()
    assert "check_inventory" in listed and "api.example.com" in page
    assert "a very secret key" not in page and made["signing_secret"] not in page
