"""Webhook tools and plain functions, called by the model in a real call."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from patter import Agent, ConfigError
from patter.local.plan import toolbox_of
from patter.serving import AsgiServer
from patter.simulators.mcp import McpSimulator, Offered, said
from patter.simulators.openai.script import tool, use_tools
from patter.simulators.script import HangUp, Say, Wait

ASKS = Say("what are your hours", patience_ms=200)
PARAMETERS = {
    "type": "object",
    "properties": {"date": {"type": "string", "description": "ISO date, e.g. 2025-06-15"}},
    "required": ["date"],
}


class Shop:
    """The user's own server: fails so many times, then answers."""

    def __init__(self, failures=0):
        self.failures = failures
        self.asked = []
        self._server = AsgiServer(Starlette(routes=[Route("/availability", self._answer, methods=["POST"])]))

    async def _answer(self, request):
        self.asked.append((request.headers["webhook-id"], await request.json()))
        if len(self.asked) <= self.failures:
            return JSONResponse({"error": "later"}, 503)
        return JSONResponse({"free": ["nine", "ten"]})

    async def __aenter__(self):
        await self._server.start()
        self.url = f"{self._server.base_url}/availability"
        return self

    async def __aexit__(self, *exc):
        await self._server.stop()


async def one_call(world, pipeline, *tools, wait_ms=3500):
    phone, ends = world.phone(), []
    await world.serve(phone, pipeline(phone, tools=list(tools)), on_call_end=ends.append)
    await world.ring(ASKS, Wait(wait_ms), HangUp())
    await phone.disconnect()
    await world.close()
    return ends[0]


@pytest.mark.parametrize("failures", [0, 2])
async def test_a_webhook_is_called_up_to_three_times_under_one_id(world, pipeline, failures):
    world.model.answer = use_tools(tool("check_availability", date="2025-06-15"), then="Free: {results}")
    async with Shop(failures) as shop:
        end = await one_call(
            world,
            pipeline,
            {
                "name": "check_availability",
                "description": "Check appointment availability for a given date",
                "parameters": PARAMETERS,
                "webhook_url": shop.url,
            },
            wait_ms=8000 if failures else 3500,
        )
    assert len(shop.asked) == failures + 1
    assert len({webhook_id for webhook_id, _ in shop.asked}) == 1
    body = shop.asked[0][1]
    assert (body["tool"], body["arguments"]) == ("check_availability", {"date": "2025-06-15"})
    assert body["call_id"] == end["call_id"] and body["caller"] == "+15550002222"
    assert '"free"' in end["history"][-1]["text"]
    (run,) = [turn for turn in end["transcript"] if turn["role"] == "tool"]
    assert run["text"].startswith('check_availability(date="2025-06-15") → {') and '"nine"' in run["text"]
    functions = [one["function"]["name"] for one in world.model.questions[0].tools]
    assert functions == ["end_call", "transfer_call", "check_availability"]


async def test_a_plain_function_is_a_tool(world, pipeline):
    world.model.answer = use_tools(tool("add", first=2, second=3), then="That is {results}.")
    asked = []

    def add(first: int, second: int = 0) -> int:
        """Add two numbers."""
        asked.append((first, second))
        return first + second

    end = await one_call(world, pipeline, add)
    assert asked == [(2, 3)]
    assert end["history"][-1]["text"] == "That is 5."
    function = next(one for one in world.model.questions[0].tools if one["function"]["name"] == "add")
    assert function["function"]["description"] == "Add two numbers."
    assert json.loads(json.dumps(function["function"]["parameters"]))["required"] == ["first"]


WEBHOOK = {"name": "look", "description": "Look.", "webhook_url": "https://api.example.com/{who}/look"}


def test_variables_stand_in_addresses_headers_and_bodies():
    agent = Agent(tools=({**WEBHOOK, "headers": {"X-Who": "{who}"}, "body": {"for": "{who}"}},))
    [spec] = toolbox_of(agent, {"who": "Ada & Co"}).specs
    assert spec.url == "https://api.example.com/Ada%20%26%20Co/look"
    assert (spec.headers, spec.body) == ({"X-Who": "Ada & Co"}, {"for": "Ada & Co"})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (1, "A tool is"),
        ({**WEBHOOK, "name": "look up"}, "name"),
        ({**WEBHOOK, "webhook_url": "ftp://x"}, "webhook_url"),
        ({**WEBHOOK, "webhook_url": "https://{who}/look"}, "host is fixed"),
        ({**WEBHOOK, "retries": 9}, "retries"),
        ({**WEBHOOK, "parameters": {"type": "string"}}, "parameters"),
        ({**WEBHOOK, "name": "end_call"}, "built in"),
        (lambda: None, "cannot be the name"),
    ],
)
def test_tools_that_cannot_work(wrong, sentence):
    with pytest.raises(ConfigError, match=sentence):
        toolbox_of(Agent(tools=(wrong,)), {})


def test_two_of_a_name_and_the_missing_extra(monkeypatch):
    with pytest.raises(ConfigError, match="two tools"):
        toolbox_of(Agent(tools=(WEBHOOK, WEBHOOK)), {})
    monkeypatch.setattr("patter.local.tools.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"\[tools\]"):
        toolbox_of(Agent(tools=(WEBHOOK,)), {})
    assert toolbox_of(Agent(), {}).functions()


async def test_the_tools_of_an_mcp_server_are_asked_for_before_the_first_call(world, pipeline):
    world.model.answer = use_tools(tool("shop_search", product="pears"), then="There are {results}.")
    offered = [Offered("shop.search", lambda given: said(f"three {given['product']}"), "Search")]
    async with McpSimulator(offered) as server:
        end = await one_call(world, pipeline, {"mcp_url": server.url})
    assert end["history"][-1]["text"] == 'There are "three pears".'
    assert server.calls == [("shop.search", {"product": "pears"})]
