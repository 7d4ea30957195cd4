"""Every provider is down at once: the caller hears an apology all the same."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pytest

from patter.bridge.plan import Phrases
from patter.simulators.elevenlabs import ElevenLabsServer
from tests.system.platform import free_port
from tests.system.steps import LISTEN
from tests.system.tenant import PATIENCE_S, Tenant
from tests.system.world import World, embedded

RETRY = Phrases().retry
APOLOGY = "Sorry, we are out of order today. Goodbye."
AGENT: dict[str, Any] = {
    "name": "Unlucky",
    "first_message": "Hello, how can I help?",
    "reply_by": "model",
    "stt": {"provider": "deepgram"},
    "llm": {"provider": "openai"},
    "tts": {"provider": "elevenlabs"},
    "fallbacks": {"tts": [{"provider": "elevenlabs", "voice": "another"}], "stt": [{"provider": "deepgram"}]},
    "phrases": {"apology": APOLOGY},
}


def nowhere() -> dict[str, str]:
    """Addresses of providers at which nobody is."""
    address = f"http://127.0.0.1:{free_port()}"
    return {f"PATTER_{name}_BASE_URL": address for name in ("DEEPGRAM", "ELEVENLABS", "OPENAI")}


async def unlucky(world: World, elevenlabs_key: str = "k") -> Tenant:
    """A customer whose agent needs accounts."""
    tenant = await world.tenant()
    keys: list[Mapping[str, str]] = [
        {"provider": "deepgram", "api_key": "k"},
        {"provider": "elevenlabs", "api_key": elevenlabs_key},
        {"provider": "openai", "api_key": "k"},
    ]
    for key in keys:
        await tenant.post("provider-credentials", key)
    agent = await tenant.post("agents", AGENT)
    tenant.number = await tenant.add_number(agent["id"])
    return tenant


@pytest.mark.timeout(500)
async def test_nothing_is_stored_and_the_carrier_says_it(tmp_path):
    async with embedded(tmp_path, **nowhere()) as world:
        tenant = await unlucky(world)
        carrier_call = await (await tenant.ring([LISTEN])).ended()
        row = await tenant.settled((await tenant.found(carrier_call))["id"])
        assert row["end_reason"] == "provider_error"
        [said] = [event for event in carrier_call.facts if event.kind == "carrier_said"]
        assert said.data["text"] == APOLOGY
        kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
        assert kinds.count("carrier.speaks") == 1
        assert "provider.switched" in kinds
        assert (await tenant.told(row["id"])).count("call.ended") == 1


@pytest.mark.timeout(500)
async def test_a_stored_apology_is_heard(tmp_path):
    async with ElevenLabsServer() as voice:
        async with embedded(tmp_path, **{**nowhere(), "PATTER_ELEVENLABS_BASE_URL": voice.base_url}) as world:
            tenant = await unlucky(world, voice.api_key)
            await until_spoken_beforehand(tenant)
            await voice.stop()
            carrier_call = await (await tenant.ring([LISTEN])).ended()
            row = await tenant.settled((await tenant.found(carrier_call))["id"])
            assert row["end_reason"] == "provider_error"
            turns = await tenant.turns(row["id"])
            # First a word that the caller is not forgotten; then everything else fails, too.
            assert turns[-1]["text"] == APOLOGY
            assert all(RETRY.startswith(turn["text"]) for turn in turns[:-1])
            assert not [event for event in carrier_call.facts if event.kind == "carrier_said"]


async def until_spoken_beforehand(tenant: Tenant) -> None:
    query = "SELECT files FROM agents_versionphrases WHERE state = 'done'"
    deadline = time.monotonic() + PATIENCE_S
    while not any(APOLOGY.split(".")[0] in str(row[0]) for row in await tenant.platform.rows(query)):
        assert time.monotonic() < deadline, "the phrases were not spoken beforehand"
        await asyncio.sleep(0.2)
