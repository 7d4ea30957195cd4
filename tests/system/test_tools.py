"""Tools in whole calls: what the caller hears, what the customer's server is sent, and after kill -9."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from patter.simulators.openai import OpenAiServer
from patter.simulators.openai.script import Answer, Question, tool
from patter.standard_webhooks import verify
from patter.testing.tool_server import Server, answers, hangs, serving
from tests.system.platform import Platform
from tests.system.steps import LISTEN, say
from tests.system.tenant import Tenant
from tests.system.world import World, embedded, separate

PHRASES = ["I would like to book a table", "thank you and goodbye"]
AGENT: dict[str, Any] = {
    "name": "Waiter",
    "first_message": "Acme. How can I help?",
    "reply_by": "model",
    "stt": {"provider": "offline", "options": {"phrases": PHRASES}},
    "llm": {"provider": "openai"},
    "tts": {"provider": "offline"},
    "tools": ["book_table"],
}
BOOK: dict[str, Any] = {
    "name": "book_table",
    "description": "Book a table.",
    "parameters": {"type": "object", "properties": {"seats": {"type": "integer"}}, "required": ["seats"]},
    "timeout_s": 5,
}


def waiter(question: Question) -> Answer:
    """Books when it is asked to, tells what came of it, and ends the call when the caller does."""
    if question.tool_results:
        table = json.loads(question.tool_results[-1]).get("table")
        return Answer(f"Your table is number {table}." if table else "I cannot book just now.")
    if "goodbye" in question.last_said:
        return Answer("Goodbye.", tools=(tool("end_call"),))
    return Answer(tools=(tool("book_table", seats=2),))


@asynccontextmanager
async def restaurant(folder: Path, server: Server) -> AsyncIterator[tuple[World, Tenant, str]]:
    """A platform, a customer whose agent books at this server, and the secret that signs its requests."""
    async with OpenAiServer(waiter) as model:
        where = {"PATTER_OPENAI_BASE_URL": model.base_url, "PATTER_ALLOW_PRIVATE_URLS": "127.0.0.0/8"}
        async with embedded(folder, **where) as world:
            tenant = await world.tenant()
            await tenant.post("provider-credentials", {"provider": "openai", "api_key": "sk-simulated"})
            made = await tenant.post("tools", {**BOOK, "url": server.url})
            agent = await tenant.post("agents", AGENT)
            tenant.number = await tenant.add_number(agent["id"])
            yield world, tenant, made["signing_secret"]


async def invocation(tenant: Tenant, call_id: str, within_s: float = 60.0) -> dict[str, Any]:
    """The one run of a tool in a call, once it has an outcome."""
    deadline = time.monotonic() + within_s
    while True:
        [run] = (await tenant.get(f"calls/{call_id}/tool-invocations"))["results"]
        if run["outcome"]:
            return dict(run)
        assert time.monotonic() < deadline, run
        await asyncio.sleep(0.2)


@pytest.mark.timeout(500)
async def test_a_server_that_fails_twice_books_once_and_the_caller_is_told(tmp_path):
    booked = answers(200, b'{"table": 7}')
    async with serving(answers(500), answers(503), booked) as server:
        async with restaurant(tmp_path, server) as (_, tenant, secret):
            steps = [say(PHRASES[0]), {"wait_s": 9}, say(PHRASES[1]), LISTEN]
            carrier_call = await (await tenant.ring(steps)).ended()
            row = await tenant.settled((await tenant.found(carrier_call))["id"])
            turns = await tenant.turns(row["id"])
            said = [turn["text"] for turn in turns if turn["role"] != "user"]
            done = next(turn["text"] for turn in turns if turn["role"] == "tool")
            assert done == 'book_table(seats=2) → {"table": 7}'
            assert "Your table is number 7." in said
            assert "One moment, please." in said, "the caller does not wait in silence"
            assert row["end_reason"] == "agent_ended"
            run = await invocation(tenant, row["id"])
            kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
    assert len(server.requests) == 3
    assert server.effects == {run["id"]}
    assert [one["status"] for one in run["tries"]] == [500, 503, 200]
    assert kinds.count("tool.called") == kinds.count("tool.answered") == 1
    for request in server.requests:
        verify(secret, request.headers, request.body, time.time())
        assert request.json["arguments"] == {"seats": 2}


@pytest.mark.timeout(500)
async def test_a_process_that_is_killed_with_a_request_on_its_way_never_books_twice(tmp_path):
    async with serving(hangs) as server:
        async with restaurant(tmp_path, server) as (world, tenant, _):
            carrier_call = await tenant.ring([say(PHRASES[0]), {"wait_s": 20}])
            await asyncio.wait_for(server.received(), 60)
            call_id = (await tenant.get("calls"))["results"][0]["id"]
            await killed_and_restarted(world.platform)
            run = await invocation(tenant, call_id)
            told = await tenant.platform.rows("SELECT data FROM events_event WHERE type = 'tool.failed'")
            await carrier_call.ended()
    assert len(server.requests) == 1
    assert run["outcome"] == "unknown"
    assert "Do not call the tool again" in run["result"]["error"]
    assert len(told) == 1


async def killed_and_restarted(platform: Platform) -> None:
    part = platform.parts["serve"]
    part.process.kill()
    await part.ended()
    await platform.start_embedded()


@pytest.mark.timeout(500)
async def test_a_worker_that_is_killed_within_a_try_is_followed_by_no_other(tmp_path, servers):
    """The second try hangs in the worker. Another worker finds the row, and does not send it again."""
    async with serving(answers(500), hangs) as server, OpenAiServer(waiter) as model:
        where = {"PATTER_OPENAI_BASE_URL": model.base_url, "PATTER_ALLOW_PRIVATE_URLS": "127.0.0.0/8"}
        async with separate(tmp_path, servers, **where) as world:
            tenant = await world.tenant()
            await tenant.post("provider-credentials", {"provider": "openai", "api_key": "sk-simulated"})
            await tenant.post("tools", {**BOOK, "url": server.url, "wait_s": 40})
            agent = await tenant.post("agents", AGENT)
            tenant.number = await tenant.add_number(agent["id"])
            carrier_call = await tenant.ring([say(PHRASES[0]), {"wait_s": 32}])
            await asyncio.wait_for(server.received(2), 60)
            worker = world.platform.parts["worker"]
            worker.process.kill()
            await worker.ended()
            call_id = (await tenant.get("calls"))["results"][0]["id"]
            run = await invocation(tenant, call_id)
            await carrier_call.ended()
            said = [turn["text"] for turn in await tenant.turns(call_id) if turn["role"] == "assistant"]
    assert len(server.requests) == 2
    assert len(server.effects) == 1
    assert run["outcome"] == "unknown"
    assert "I cannot book just now." in said, "the model has its answer, and so has the caller"
