"""Calls in convai mode between real processes: set up over REST, answered over the SDK's socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from patter.simulators.elevenlabs import ElevenLabsServer
from patter.simulators.elevenlabs.convai_brain import Answer
from tests.system.program import program
from tests.system.steps import HANG_UP, LISTEN, say
from tests.system.tenant import Tenant
from tests.system.world import Servers, World, embedded, separate

AGENT = {
    "name": "Front desk",
    "mode": "convai",
    "first_message": "Hello, this is {shop}.",
    "variables": {"shop": "Acme"},
}
Shape = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
async def vendor() -> AsyncIterator[ElevenLabsServer]:
    async with ElevenLabsServer() as running:
        running.convai.ways.utterances = ["one", "two"]
        yield running


@pytest.fixture(params=["one process", "web and media apart"])
def shape(request: pytest.FixtureRequest, tmp_path: Path) -> Shape:
    if request.param == "one process":
        return lambda **more: embedded(tmp_path, **more)
    servers: Servers = request.getfixturevalue("servers")
    return lambda **more: separate(tmp_path, servers, **more)


async def set_up(world: World, vendor: ElevenLabsServer, reply_by: str, **more: object) -> Tenant:
    tenant = await world.tenant(agent={**AGENT, "reply_by": reply_by, **more})
    await tenant.post("provider-credentials", {"provider": "elevenlabs", "api_key": vendor.api_key})
    made = await tenant.post(f"agents/{tenant.agent}/convai/provision")
    assert made["created"] and made["ready"]
    assert (await tenant.post(f"agents/{tenant.agent}/convai/check"))["findings"] == []
    await tenant.post(f"agents/{tenant.agent}/publish")
    return tenant


@pytest.mark.timeout(500)
@pytest.mark.supports("greeting", "several turns", mode="convai", reply_by="handler")
async def test_a_program_replies(shape, vendor):
    async with shape(PATTER_ELEVENLABS_BASE_URL=vendor.base_url) as world:
        tenant = await set_up(world, vendor, "handler")
        async with program(tenant) as frames:
            call = await tenant.ring([say("a"), say("b"), HANG_UP])
            await call.ended()
            row = await tenant.settled((await tenant.found(call))["id"])
        said = [(turn["role"], turn["text"]) for turn in await tenant.turns(row["id"])]
    assert said == [
        ("assistant", "Hello, this is Acme."),
        ("user", "one"),
        ("assistant", "You said one."),
        ("user", "two"),
        ("assistant", "You said two."),
    ]
    asked = [frame for frame in frames if frame["type"] == "message"]
    assert [frame["text"] for frame in asked] == ["one", "two"]
    assert asked[-1]["history"][0] == {"role": "assistant", "text": "Hello, this is Acme."}
    assert row["end_reason"] == "caller_hung_up"


@pytest.mark.timeout(500)
@pytest.mark.supports("the agent ends the call", mode="convai", reply_by="model")
async def test_elevenlabs_own_model_replies_and_hangs_up(tmp_path, vendor):
    vendor.convai.ways.script = lambda text: Answer("Goodbye then.", tool=("end_call", {}))
    async with embedded(tmp_path, PATTER_ELEVENLABS_BASE_URL=vendor.base_url) as world:
        tenant = await set_up(world, vendor, "model")
        call = await tenant.ring([say("a"), LISTEN])
        await call.ended()
        row = await tenant.settled((await tenant.found(call))["id"])
        usage = await world.platform.rows("SELECT meter, provider, quantity FROM billing_usagerecord")
    assert row["end_reason"] == "agent_ended"
    [(_, provider, ms)] = [used for used in usage if used[0] == "speech_ms"]
    assert provider == "elevenlabs" and ms > 3000


@pytest.mark.timeout(500)
async def test_the_model_goes_on_for_a_program_that_is_not_there(tmp_path, vendor):
    """It answers through the ElevenLabs agent, which goes on asking this installation."""
    vendor.convai.ways.utterances = ["one", "two", "I would like a table"]
    rules = [{"heard": ["table"], "say": "For how many?"}]
    llm = {"provider": "offline", "options": {"rules": rules}}
    relief = {"llm": llm, "policies": {"handler": {"lost": "model"}}}
    async with embedded(tmp_path, PATTER_ELEVENLABS_BASE_URL=vendor.base_url) as world:
        tenant = await set_up(world, vendor, "handler", **relief)
        call = await tenant.ring([say("a"), say("b"), say("c"), HANG_UP])
        await call.ended()
        row = await tenant.settled((await tenant.found(call))["id"])
        kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
        said = [turn["text"] for turn in await tenant.turns(row["id"]) if turn["role"] == "assistant"]
    retry = "Sorry, I did not get that. Could you say it again?"
    assert row["end_reason"] == "caller_hung_up"
    assert kinds.count("handler.replaced") == 1
    assert said == ["Hello, this is Acme.", retry, retry, "For how many?"]
