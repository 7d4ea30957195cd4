"""A platform with a customer whose own program answers, and simulated providers that hear and speak."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patter.simulators.deepgram import DeepgramServer
from patter.simulators.deepgram.server import API_KEY as DEEPGRAM_KEY
from patter.simulators.elevenlabs.server import API_KEY as ELEVENLABS_KEY
from patter.simulators.elevenlabs.server import ElevenLabsServer
from patter.simulators.twilio.call import Call
from tests.system.platform import ROOT
from tests.system.tenant import Tenant
from tests.system.world import World, embedded

AGENT: dict[str, Any] = {
    "name": "Handler",
    "mode": "pipeline",
    "reply_by": "handler",
    "stt": {"provider": "deepgram"},
    "tts": {"provider": "elevenlabs", "voice": "rachel"},
}
KEYS = {"deepgram": DEEPGRAM_KEY, "elevenlabs": ELEVENLABS_KEY}


@dataclass
class Shop:
    """``key`` is the program's own; that it was used tells when the program has connected."""

    world: World
    tenant: Tenant
    folder: Path
    key: str = ""

    @property
    def base(self) -> str:
        return self.world.platform.base

    @property
    def sockets(self) -> str:
        return self.base.replace("http", "ws", 1)

    async def new_key(self) -> str:
        self.key = (await self.tenant.post("api-keys", {"name": f"program {time.monotonic_ns()}"}))["key"]
        return self.key

    async def connected(self, within_s: float = 60.0) -> None:
        """Wait until a program has connected with the newest key."""
        deadline = time.monotonic() + within_s
        while (await self.tenant.get("api-keys"))["results"][0]["last_used_at"] is None:
            assert time.monotonic() < deadline, "the program did not connect"
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)  # from the door to the first offer

    def changed(self) -> dict[str, str]:
        """What the samples print, and what stands here in its place."""
        return {"pt_xxx": self.key, "ws://localhost:8000": self.sockets, "http://localhost:8000": self.base}

    def program_environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PATTER_", "PYTEST"))
        }
        own = {"PYTHONPATH": str(ROOT / "sdk" / "python"), "PATTER_BACKEND_URL": self.sockets}
        return {**kept, **own}

    async def call_of(self, carrier_call: Call) -> str:
        return str((await self.tenant.found(carrier_call))["id"])

    async def said(self, call_id: str, role: str = "assistant") -> list[str]:
        return [turn["text"] for turn in await self.tenant.turns(call_id) if turn["role"] == role]


@asynccontextmanager
async def shop(folder: Path, utterances: Sequence[str], **agent: Any) -> AsyncIterator[Shop]:
    """``utterances``: what the callers are heard to say, one after the other, over and over."""
    async with DeepgramServer(utterances=utterances) as ears, ElevenLabsServer() as voice:
        providers = {"PATTER_DEEPGRAM_BASE_URL": ears.base_url, "PATTER_ELEVENLABS_BASE_URL": voice.base_url}
        async with embedded(folder, PATTER_DEBUG="1", **providers) as world:
            tenant = Tenant(world.platform, world.simulator, "luna")
            world.tenants.append(tenant)
            await tenant.set_up({**AGENT, "reply_by": "handler", **agent})
            for provider, key in KEYS.items():
                await tenant.post("provider-credentials", {"provider": provider, "api_key": key})
            opened = Shop(world, tenant, folder)
            await opened.new_key()
            yield opened
