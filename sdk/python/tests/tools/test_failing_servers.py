"""Webhook tools against a server that fails in every way: one effect, one result, in time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from patter.bridge.commands import ToolRun
from patter.bridge.events import ToolDone
from patter.standard_webhooks import secret_of, verify
from patter.testing.tool_server import (
    Server,
    answers,
    drips,
    drips_its_head,
    drops,
    floods,
    hangs,
    serving,
)
from patter.tools.direct import DirectTools
from patter.tools.guard import Guard
from patter.tools.requests import WebhookRequest
from patter.tools.runner import Tools
from patter.tools.spec import ToolContext, ToolSpec
from patter.tools.webhook import post

LOOPBACK = Guard(["127.0.0.0/8"])
CONTEXT = ToolContext("call_1", "+15550001111", "+15550002222", agent_id="agt_1")


async def run(server: Server, guard: Guard | None = LOOPBACK, **spec: Any) -> ToolDone:
    """One run of a tool at this server, without waiting between tries."""

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    tool = ToolSpec("book", url=server.url, timeout_s=spec.pop("timeout_s", 5), **spec)
    tools = Tools([tool], {"webhook": DirectTools(CONTEXT, guard, wait=at_once)})
    done: list[Any] = []
    await tools.run(ToolRun("t1r1.0", "book", {"seats": 2}), done.append)
    assert len(done) == 1
    return done[0]


async def test_500_twice_then_200_is_one_effect() -> None:
    async with serving(answers(500), answers(503), answers(200, b'{"table": 7}')) as server:
        done = await run(server)
    assert (done.ok, done.result) == (True, {"table": 7})
    assert len(server.requests) == 3
    assert len(server.effects) == 1
    assert [request.headers["patter-try"] for request in server.requests] == ["1", "2", "3"]
    assert len({request.body for request in server.requests}) == 1


async def test_three_tries_are_all() -> None:
    async with serving(answers(500, b"secret of the house")) as server:
        done = await run(server)
    assert not done.ok
    assert len(server.requests) == 3
    assert "500" in done.result["error"]
    assert "secret" not in str(done.result)


@pytest.mark.parametrize(
    ("status", "tries"),
    [(400, 1), (401, 1), (404, 1), (409, 1), (422, 1), (408, 3), (425, 3), (429, 3), (502, 3)],
)
async def test_4xx_is_final_but_for_three(status: int, tries: int) -> None:
    async with serving(answers(status)) as server:
        assert not (await run(server)).ok
    assert len(server.requests) == tries


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b'{"a": [1, null]}', {"a": [1, None]}),
        (b"42", 42),
        (b"Booked for seven.", "Booked for seven."),
        (b"", {"status": "ok"}),
        (b"{broken", "{broken"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"a\x00b\xe2\x80\xa8c", "ab c"),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_a_success_whatever_its_body(status: int, body: bytes, result: Any) -> None:
    if status == 204:
        body, result = b"", {"status": "ok"}
    async with serving(answers(status, body)) as server:
        done = await run(server)
    assert (done.ok, done.result) == (True, result)
    assert len(server.requests) == 1


async def test_a_silence_is_tried_again_and_its_effect_stays_unknown() -> None:
    async with serving(hangs, answers(200, b'"done"')) as server:
        assert (await run(server, timeout_s=3)).result == "done"
        assert len(server.effects) == 1
    async with serving(hangs) as server:
        done = await run(server, timeout_s=1.5)
    assert len(server.requests) == 3
    assert done.result["status"] == "unknown"
    assert not done.ok


async def test_a_dropped_connection_is_tried_again() -> None:
    async with serving(drops, answers(200, b'"done"')) as server:
        assert (await run(server)).result == "done"
    assert len(server.effects) == 1


async def test_a_slow_drip_ends_in_time_and_what_the_head_said_stands() -> None:
    began = time.monotonic()
    async with serving(drips) as server:
        done = await run(server, timeout_s=3)
    assert time.monotonic() - began < 20
    assert done.ok, "it took effect: asking again would do it twice"
    assert done.result["truncated"]
    assert len(server.requests) == 1
    async with serving(drips_its_head) as server:
        assert not (await run(server, timeout_s=1)).ok
    assert len(server.effects) == 1


async def test_ten_megabytes_are_cut() -> None:
    async with serving(floods) as server:
        done = await run(server)
    assert done.ok
    assert done.result["truncated"]
    assert len(done.result["text"]) <= 8_000
    assert len(server.requests) == 1


async def test_a_redirect_is_never_followed() -> None:
    async with (
        serving() as inner,
        serving(answers(307, location=f"http://127.0.0.1:{inner.port}/")) as server,
    ):
        done = await run(server)
    assert not done.ok
    assert len(server.requests) == 1
    assert not inner.requests


async def test_a_request_is_signed_and_says_where_it_comes_from() -> None:
    secret = secret_of(b"x" * 24)
    async with serving(answers(200)) as server:
        await run(server, secret=secret, headers={"X-Key": "k", "Webhook-Id": "forged"}, body={"shop": 7})
    request = server.requests[0]
    verify(secret, request.headers, request.body, time.time())
    assert request.webhook_id != "forged"
    assert request.headers["x-key"] == "k"
    assert request.json == {
        "shop": 7,
        "tool": "book",
        "arguments": {"seats": 2},
        "call_id": "call_1",
        "caller": "+15550001111",
        "callee": "+15550002222",
        "direction": "inbound",
        "agent_id": "agt_1",
    }


async def test_nobody_listens() -> None:
    async with serving() as server:
        pass
    done = await run(server)
    assert not done.ok
    assert "cannot be reached" in done.result["error"]


async def test_a_deadline_holds_at_every_moment_of_a_connection() -> None:
    """A cancellation that came together with the resolved name was swallowed."""
    async with serving(hangs) as server:
        request = WebhookRequest(server.url, b"{}")
        for moment in range(60):
            tried = post(request, "msg_1", 1, guard=LOOPBACK, timeout_s=0.0005 * moment)
            one = await asyncio.wait_for(tried, 10)
            assert one.failure is not None
            assert one.failure.cause == "timeout"
