"""Tools as developers write them, and plain functions."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import pytest

from patter.bridge.commands import ToolRun
from patter.errors import ConfigError
from patter.testing.tool_server import answers, serving
from patter.tools.direct import local_tools
from patter.tools.functions import tool
from patter.tools.given import discovered, given_tools, with_variables
from patter.tools.spec import ToolContext, ToolSpec

README = {
    "name": "check_availability",
    "description": "Check appointment availability for a given date",
    "parameters": {
        "type": "object",
        "properties": {"date": {"type": "string", "description": "ISO date, e.g. 2025-06-15"}},
        "required": ["date"],
    },
    "webhook_url": "https://api.example.com/availability",
}


async def stock(
    product: Annotated[str, "As the caller says it"], size: Literal["s", "m"] = "m", *, call: ToolContext
) -> dict[str, Any]:
    """How many of a product are left."""
    await asyncio.sleep(0)
    return {"product": product, "size": size, "caller": call.caller}


def spec_of(one: Any) -> ToolSpec:
    (spec,) = given_tools([one])
    assert isinstance(spec, ToolSpec)
    return spec


async def run(spec: ToolSpec, **arguments: Any) -> Any:
    done: list[Any] = []
    tools = local_tools([spec], ToolContext("call_1", "+15550001111"))
    await tools.run(ToolRun("r1", spec.name, arguments), done.append)
    tools.end()
    await tools.finished()
    return done[0]


def test_the_readmes_tool_in_both_spellings() -> None:
    spec = spec_of(README)
    assert (spec.name, spec.url, spec.effects) == ("check_availability", README["webhook_url"], True)
    camel = {("webhookUrl" if name == "webhook_url" else name): value for name, value in README.items()}
    assert spec_of(camel) == spec


async def test_a_function_is_a_tool_with_the_schema_of_its_signature() -> None:
    spec = spec_of(stock)
    assert spec.description == "How many of a product are left."
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "product": {"type": "string", "description": "As the caller says it"},
            "size": {"enum": ["s", "m"]},
        },
        "required": ["product"],
        "additionalProperties": False,
    }
    done = await run(spec, product="pear")
    assert done.result == {"product": "pear", "size": "m", "caller": "+15550001111"}
    assert not (await run(spec, product="pear", size="xl")).ok


def test_a_type_that_only_a_type_checker_knows_is_named() -> None:
    def weigh(product: Scales) -> None:  # type: ignore[name-defined]  # noqa: F821
        """Weighs."""

    with pytest.raises(ConfigError, match="'weigh' has a type that is unknown at run time: .*'Scales'"):
        spec_of(weigh)


async def test_functions_may_be_sync_slow_or_broken() -> None:
    def broken(a: int) -> None:
        """Breaks."""
        raise KeyError(a)

    async def slow() -> None:
        """Never ends."""
        await asyncio.Event().wait()

    def nothing() -> None:
        """Says nothing."""

    assert "KeyError" in (await run(spec_of(broken), a=1)).result["error"]
    assert "longer than" in (await run(tool(slow, timeout_s=0.05))).result["error"]
    assert (await run(spec_of(nothing))).result == {"status": "ok"}


async def test_variables_stand_in_address_headers_and_body() -> None:
    given = {**README, "webhook_url": "https://a.example/{shop}?q={q}", "headers": {"X-Shop": "{shop}"}}
    spec = with_variables(
        spec_of({**given, "body": {"deep": [{"shop": "{shop}"}]}}), {"shop": "a/ü", "q": "x&y=1"}
    )
    assert spec.url == "https://a.example/a%2F%C3%BC?q=x%26y%3D1"
    assert spec.headers == {"X-Shop": "a/ü"}
    assert spec.body == {"deep": [{"shop": "a/ü"}]}
    forged = with_variables(spec_of(given), {"shop": "a\r\nX-Evil: 1"})
    assert forged.headers == {"X-Shop": "aX-Evil: 1"}


async def test_a_webhook_is_tried_again_in_process_and_outlives_the_call_where_it_should() -> None:
    for background, requests in ((False, 1), (True, 2)):
        async with serving(answers(500), answers(200)) as server:
            spec = spec_of({**README, "webhook_url": server.url, "background": background})
            tools = local_tools([spec], ToolContext("call_1"))
            work = asyncio.create_task(tools.run(ToolRun("r1", spec.name, {"date": "x"}), lambda _: None))
            await server.received()
            tools.end()
            work.cancel()
            await tools.finished()
            assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("check", "A tool is a function, or a dict"),
        ({**README, "name": "end_call"}, "built in"),
        ({**README, "name": "a b"}, "name of a tool"),
        ({**README, "description": ""}, "needs a description"),
        ({**README, "webhook_url": "api.example.com"}, "begins with https"),
        ({**README, "webhook_url": "https://{host}/"}, "host is fixed"),
        ({**README, "colour": 1}, "no field 'colour'"),
        ({**README, "parameters": {"type": "array"}}, "object"),
        (lambda a: a, "name"),
        ({"mcp_url": "stdio"}, "https"),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_call(given: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        given_tools([given])
    with pytest.raises(ConfigError, match="two tools"):
        given_tools([README, README])


async def test_an_mcp_server_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="did not say what it offers"):
        await discovered(given_tools([{"mcpUrl": "http://127.0.0.1:9/mcp"}]))
