"""Tools of MCP servers: found, chosen and called, also where the server is slow, strict or broken."""

from __future__ import annotations

from typing import Any

import pytest

from patter.bridge.commands import ToolRun
from patter.errors import ConfigError
from patter.simulators.mcp import McpSimulator, Offered, said
from patter.testing.tool_server import answers, floods, hangs, serving
from patter.tools.direct import local_tools
from patter.tools.given import discovered, given_tools
from patter.tools.guard import Guard
from patter.tools.mcp import McpFailed, call_tool, discover
from patter.tools.spec import ToolContext

PRODUCT = {"type": "object", "properties": {"product": {"type": "string"}}, "required": ["product"]}
SHOP = [
    Offered(
        "shop.search", lambda given: said(f"3 {given['product']}"), "Search", PRODUCT, {"readOnlyHint": True}
    ),
    Offered("order", lambda _: {**said("done"), "structuredContent": {"order": 7}}, "Order"),
    Offered("picture", lambda _: {"content": [{"type": "image", "data": "…", "mimeType": "image/png"}]}),
    Offered("broken", lambda _: said("The warehouse is closed.", isError=True)),
    Offered("silent", lambda _: {"content": []}),
]
LOOPBACK = Guard(["127.0.0.0/8"])


@pytest.mark.parametrize("events", [False, True], ids=["json", "events"])
async def test_every_page_of_what_a_server_offers(events: bool) -> None:
    async with McpSimulator(SHOP, events=events, key="k") as server:
        found = await discover(server.url, {"Authorization": "Bearer k"}, LOOPBACK)
    assert [tool.name for tool in found] == ["shop.search", "order", "picture", "broken", "silent"]
    assert (found[0].description, found[0].parameters, found[0].read_only) == ("Search", PRODUCT, True)
    assert found[1].parameters == {"type": "object", "properties": {}}
    assert not server.refused
    assert server.ended == list(server.sessions), "nothing is kept open at a customer's server"


@pytest.mark.parametrize("events", [False, True], ids=["json", "events"])
@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("shop.search", "3 pears"),
        ("order", {"order": 7}),
        ("picture", "(1 parts that are no text)"),
        ("silent", {"status": "ok"}),
    ],
)
async def test_a_call_and_what_the_model_is_told(events: bool, name: str, result: Any) -> None:
    async with McpSimulator(SHOP, events=events) as server:
        given = {"product": "pears"}
        assert await call_tool(server.url, {}, LOOPBACK, name, given, timeout_s=5) == result
    assert server.calls == [(name, given)]


async def test_what_a_server_refuses_is_said_and_final() -> None:
    async with McpSimulator(SHOP, key="k") as server:
        for headers, name, cause, words in (
            ({"Authorization": "Bearer k"}, "broken", "tool", "warehouse is closed"),
            ({"Authorization": "Bearer k"}, "nothing", "tool", "Unknown tool"),
            ({}, "order", "status", "401"),
        ):
            with pytest.raises(McpFailed, match=words) as error:
                await call_tool(server.url, headers, LOOPBACK, name, {}, timeout_s=5)
            assert error.value.failure.cause == cause
            assert error.value.failure.permanent


@pytest.mark.parametrize(
    ("act", "cause"),
    [
        (hangs, "timeout"),
        (floods, "tool"),
        (answers(200, b"not json", content_type="application/json"), "connection"),
        (answers(200, b"[]", content_type="application/json"), "connection"),
        (answers(503), "status"),
        (answers(302, location="http://127.0.0.1:1/"), "status"),
    ],
    ids=["silence", "flood", "no json", "no answer", "503", "redirect"],
)
async def test_a_server_that_fails_is_told_as_what_it_is(act: Any, cause: str) -> None:
    async with serving(act) as server:
        with pytest.raises(McpFailed) as error:
            await call_tool(server.url, {}, LOOPBACK, "order", {}, timeout_s=3)
    assert error.value.failure.cause == cause


async def test_a_private_address_is_not_asked() -> None:
    async with McpSimulator(SHOP) as server:
        with pytest.raises(McpFailed, match="private network") as error:
            await discover(server.url, {}, Guard())
    assert error.value.failure.permanent
    assert not server.sessions


async def test_an_agent_in_ones_own_process_uses_those_that_it_chose() -> None:
    async with McpSimulator(SHOP) as server:
        given = given_tools([{"mcp_url": server.url, "only": ["shop.search"], "wait_s": 5}])
        (spec,) = await discovered(given)
        assert (spec.name, spec.effects, spec.wait_s) == ("shop_search", False, 5)
        done: list[Any] = []
        tools = local_tools([spec], ToolContext("call_1"))
        await tools.run(ToolRun("r1", "shop_search", {"product": "figs"}), done.append)
        assert (done[0].ok, done[0].result) == (True, "3 figs")
        await tools.run(ToolRun("r2", "shop_search", {}), done.append)
        assert "required property" in done[1].result["error"]
        assert len(server.calls) == 1
        with pytest.raises(ConfigError, match="does not offer 'fly'"):
            await discovered(given_tools([{"mcp_url": server.url, "only": ["fly"]}]))
