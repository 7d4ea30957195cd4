"""MCP servers over REST: asked, chosen from, followed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from patter.simulators.mcp import McpSimulator, Offered, said
from patter_site.testing import Cast, api, error_of, make_cast
from tools.models import Tool

PRODUCT = {"type": "object", "properties": {"product": {"type": "string"}}}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def server() -> Iterator[McpSimulator]:
    """An MCP server on a loop of its own, since requests here are not async."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = McpSimulator(
        [
            Offered("shop.search", lambda given: said(str(given)), "Search", PRODUCT, {"readOnlyHint": True}),
            Offered("order", lambda _: said("ordered"), "Order"),
            Offered("odd", lambda _: said(""), "Odd", {"properties": 7}),
        ],
        key="a very secret key",
    )
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def add(cast: Cast, server: McpSimulator, key: str = "a very secret key") -> dict:
    given = {"name": "Shop", "url": server.url, "secret_headers": {"Authorization": f"Bearer {key}"}}
    answer = api(cast.key).post("/api/v1/mcp-sources", given)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_server_is_asked_and_its_tools_are_chosen(cast, server):
    source = add(cast, server)
    assert [one["name"] for one in source["offered"]] == ["shop.search", "order"], (
        "what cannot work is left out"
    )
    assert source["secret_headers"] == {"Authorization": " key"}
    client, path = api(cast.key), f"/api/v1/mcp-sources/{source['id']}"
    chosen = client.post(f"{path}/choose", {"tools": ["shop.search"]}).json()
    assert [(one["name"], one["effects"], one["kind"]) for one in chosen] == [("shop_search", False, "mcp")]
    assert client.get(path).json()["chosen"] == ["shop.search"]
    agent = client.post("/api/v1/agents", {"name": "Mia", "tools": ["shop_search"]})
    assert agent.status_code == 201, agent.content
    tried = client.post(f"/api/v1/tools/{chosen[0]['id']}/test", {"arguments": {"product": "figs"}}).json()
    assert (tried["ok"], tried["result"]) == (True, "{'product': 'figs'}")
    assert client.post(f"{path}/choose", {"tools": ["order"]}).json()[0]["name"] == "order"
    assert [tool.name for tool in Tool.objects.of(cast.organisation)] == ["order"], "and no others"
    assert client.patch(f"/api/v1/tools/{chosen[0]['id']}", {}).status_code == 404


def test_chosen_tools_follow_their_server(cast, server):
    source = add(cast, server)
    client, path = api(cast.key), f"/api/v1/mcp-sources/{source['id']}"
    client.post(f"{path}/choose", {"tools": ["order"]})
    tool = Tool.objects.of(cast.organisation).get()
    client.patch(f"/api/v1/tools/{tool.pk}", {"effects": False, "wait_s": 3})
    server.tools[1] = Offered("order", lambda _: said("ordered"), "Order anything")
    assert client.post(f"{path}/discover").status_code == 200
    tool.refresh_from_db()
    assert (tool.description, tool.effects, tool.wait_s) == ("Order anything", False, 3)
    refused = client.patch(f"/api/v1/tools/{tool.pk}", {"description": "Mine"})
    assert refused.status_code == 400


def test_one_that_does_not_answer_is_kept_and_says_why(cast, server):
    source = add(cast, server, key="wrong")
    assert "401" in source["last_error"]
    path = f"/api/v1/mcp-sources/{source['id']}"
    answer = api(cast.key).post(f"{path}/discover")
    assert (answer.status_code, error_of(answer)["code"]) == (409, "mcp_source_failed")
    answer = api(cast.key).post(f"{path}/choose", {"tools": ["order"]})
    assert (answer.status_code, error_of(answer)["code"]) == (409, "mcp_tool_not_offered")
    right = {"secret_headers": {"Authorization": "Bearer a very secret key"}}
    assert api(cast.key).patch(path, right).status_code == 200
    assert api(cast.key).post(f"{path}/discover").json()["last_error"] == ""


def test_another_organisation_has_no_part_in_it(cast, server):
    path = f"/api/v1/mcp-sources/{add(cast, server)['id']}"
    other = api(cast.other_key)
    assert other.get(path).status_code == 404
    assert other.post(f"{path}/discover").status_code == 404
    assert other.post(f"{path}/choose", {"tools": []}).status_code == 404
    assert other.delete(path).status_code == 404
    assert api(cast.key).delete(path).status_code == 204
