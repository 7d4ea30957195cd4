"""The pages of tools: who may change them, what they show, and what never."""

from __future__ import annotations

import json

import pytest

from patter_site.testing import make_cast
from tools.forms import example_arguments, initial_of_tool
from tools.models import McpSource, Tool
from tools.services import create_tool
from tools.tests.test_tools_api import STOCK, shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(client):
    cast = make_cast(ben_role="operator")
    client.force_login(cast.ada)
    return cast


@pytest.fixture
def tool(cast) -> Tool:
    values = {**STOCK, "secret_headers": {"X-Key": "a very secret key"}}
    return create_tool(organisation=cast.organisation, values=values)


def address(cast, *parts: str) -> str:
    return "/".join([f"/o/{cast.organisation.slug}/tools", *parts, ""])


def fields(**changed) -> dict[str, object]:
    given = {**STOCK, "parameters": json.dumps(STOCK["parameters"]), "timeout_s": 30, "wait_s": 10}
    return {**given, "effects": "on", **changed}


def test_strangers_get_404_and_readers_cannot_change(client, cast, tool):
    client.force_login(cast.cleo)
    for parts in ((), (tool.pk,), (tool.pk, "runs")):
        assert client.get(address(cast, *parts)).status_code == 404
    client.force_login(cast.ben)
    page = client.get(address(cast, tool.pk)).content.decode()
    assert "Builders and above" in page and "Try it" not in page
    client.post(address(cast, tool.pk), fields(description="Mine"))
    tool.refresh_from_db()
    assert tool.description == STOCK["description"]
    for door in ("try", "rotate", "delete"):
        assert client.post(address(cast, tool.pk, door)).status_code == 403
    assert client.get(address(cast, "new")).status_code == 403


def test_create_shows_the_signing_secret_once(client, cast):
    page = client.post(address(cast, "new"), fields(secret_headers="X-Key: a very secret key"))
    tool = Tool.objects.of(cast.organisation).get()
    assert tool.signing_secret in page.content.decode()
    assert tool.secret_headers == {"X-Key": "a very secret key"}
    again = client.get(address(cast, tool.pk)).content.decode()
    assert tool.signing_secret not in again
    assert "a very secret key" not in again
    assert tool.name in client.get(address(cast)).content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"parameters": "{"}, "This is no JSON"),
        ({"parameters": '{"type": "string"}'}, "are an object"),
        ({"url": "https://{host}/"}, "before the path"),
        ({"headers": "nonsense"}, "on each line"),
        ({"name": "end_call"}, "built in"),
    ],
)
def test_what_is_wrong_stands_under_its_field_and_nothing_typed_is_lost(client, cast, changed, words):
    answer = client.post(address(cast, "new"), fields(description="Typed with care", **changed))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page and "Typed with care" in page
    assert not Tool.objects.of(cast.organisation).exists()


def test_saving_what_one_sees_changes_nothing_and_keeps_secrets(client, cast, tool):
    sealed = ("updated_at", "sealed_headers", "signing_secret")  # sealed anew each time
    rows = Tool.objects.of(cast.organisation)
    before = {name: value for name, value in rows.values().get().items() if name not in sealed}
    shown = {name: value for name, value in initial_of_tool(tool).items() if value not in (None, False)}
    assert client.post(address(cast, tool.pk), shown).status_code == 302
    after = {name: value for name, value in rows.values().get().items() if name not in sealed}
    assert after == before
    tool.refresh_from_db()
    assert tool.secret_headers == {"X-Key": "a very secret key"}
    client.post(address(cast, tool.pk), {**shown, "forget": ["X-Key"]})
    assert Tool.objects.of(cast.organisation).get().secret_headers == {}


def test_trying_shows_request_and_answer_without_secrets(client, cast, tool):
    with shop() as (url, asked):
        Tool.objects.of(cast.organisation).update(url=url)
        given = {"arguments": '{"product": "pear"}', "variables": ""}
        page = client.post(address(cast, tool.pk, "try"), given).content.decode()
    assert "It worked" in page and "left" in page and "••••" in page
    assert "a very secret key" not in page
    assert len(asked) == 1
    wrong = client.post(address(cast, tool.pk, "try"), {"arguments": "{}", "variables": ""})
    assert wrong.status_code == 422
    assert "required property" in wrong.content.decode()


def test_example_arguments_fit_the_schema():
    schema = {"properties": {"a": {"type": "integer"}, "b": {"enum": ["x"]}, "c": {"default": 7}, "d": {}}}
    assert json.loads(example_arguments(schema)) == {"a": 1, "b": "x", "c": 7, "d": "…"}


def test_an_mcp_server_that_does_not_answer_is_kept_with_the_reason(client, cast):
    given = {"name": "Shop", "url": "http://127.0.0.1:9/mcp"}
    page = client.post(address(cast, "servers", "new"), given, follow=True).content.decode()
    assert "did not say what it offers" in page
    source = McpSource.objects.of(cast.organisation).get()
    client.force_login(cast.cleo)
    assert client.get(address(cast, "servers", source.pk)).status_code == 404
