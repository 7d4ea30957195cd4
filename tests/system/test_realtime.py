"""Calls in realtime mode through the platform's own doors: webhook, media socket, OpenAI's session behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from patter.simulators.openai import OpenAiServer
from patter.simulators.openai.hearing import Scripted
from patter.simulators.openai.script import Answer, tool
from tests.system.program import program
from tests.system.steps import HANG_UP, LISTEN, press, say
from tests.system.tenant import Tenant
from tests.system.world import World, embedded

AGENT = {
    "name": "Front desk",
    "mode": "realtime",
    "system_prompt": "You work for {shop}.",
    "first_message": "Hello, this is {shop}.",
    "variables": {"shop": "Acme"},
}
GREETING = ("assistant", "Hello, this is Acme.")
HANDS_ON = [say("what are your hours"), press("7"), LISTEN]


@pytest.fixture
async def vendor() -> AsyncIterator[OpenAiServer]:
    async with OpenAiServer(hear=Scripted(["what are your hours", "and on sundays"])) as running:
        yield running


@asynccontextmanager
async def platform(folder: Path, vendor: OpenAiServer, reply_by: str) -> AsyncIterator[tuple[World, Tenant]]:
    """A platform with a customer whose number answers in realtime mode."""
    async with embedded(folder, PATTER_OPENAI_BASE_URL=vendor.base_url) as world:
        tenant = await world.tenant(agent={**AGENT, "reply_by": reply_by})
        await tenant.post("provider-credentials", {"provider": "openai", "api_key": vendor.api_key})
        yield world, tenant


async def said_in(tenant: Tenant, call_id: str) -> list[tuple[str, str]]:
    return [(turn["role"], turn["text"]) for turn in await tenant.turns(call_id)]


@pytest.mark.timeout(500)
@pytest.mark.supports("greeting", "several turns", mode="realtime", reply_by="handler")
async def test_a_program_replies(tmp_path, vendor):
    async with platform(tmp_path, vendor, "handler") as (_, tenant), program(tenant) as frames:
        steps = [say("what are your hours"), say("and on sundays"), HANG_UP]
        call = await (await tenant.ring(steps)).ended()
        row = await tenant.settled((await tenant.found(call))["id"])
        said = await said_in(tenant, row["id"])
    asked = ["what are your hours", "and on sundays"]
    turns = [turn for text in asked for turn in (("user", text), ("assistant", f"You said {text}."))]
    assert said == [GREETING, *turns]
    assert [frame["text"] for frame in frames if frame["type"] == "message"] == asked
    assert (row["end_reason"], call.troubles) == ("caller_hung_up", [])
    assert vendor.realtime.sessions[0].errors == [] == vendor.realtime.open_sessions


@pytest.mark.timeout(500)
@pytest.mark.supports("greeting", "keys", "the agent ends the call", mode="realtime", reply_by="model")
async def test_the_model_replies_and_hangs_up(tmp_path, vendor):
    vendor.answer = lambda question: (
        Answer("Goodbye then.", tools=(tool("end_call"),))
        if question.last_said == "[DTMF: 7]"
        else "We open at nine."
    )
    async with platform(tmp_path, vendor, "model") as (world, tenant):
        call = await (await tenant.ring(HANDS_ON)).ended()
        row = await tenant.settled((await tenant.found(call))["id"])
        said = await said_in(tenant, row["id"])
        usage = await world.platform.rows("SELECT meter, provider, quantity FROM billing_usagerecord")
    turns = [("user", "what are your hours"), ("assistant", "We open at nine.")]
    assert said == [GREETING, *turns, ("user", "[DTMF: 7]"), ("assistant", "Goodbye then.")]
    assert (row["end_reason"], call.troubles) == ("agent_ended", [])
    assert vendor.realtime.open_sessions == []
    spoken = {meter: quantity for meter, provider, quantity in usage if provider == "openai"}
    assert spoken and all(float(quantity) > 0 for quantity in spoken.values())
