"""The mode convai in the matrix: an ElevenLabs agent for each of ours, set up as a customer would."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from patter.simulators.elevenlabs import ElevenLabsServer
from patter.simulators.elevenlabs.convai_brain import Answer
from tests.system.matrix.voices import HEARD, REPLY, wish_of
from tests.system.tenant import Tenant

TOLD = re.compile(r"\[Say to the caller exactly .*: (.*)\]")


class Convai:
    """Meets ``Mode``: the simulated ElevenLabs hears, speaks, and replies where a model does."""

    name = "convai"

    def __init__(self) -> None:
        self._vendor = ElevenLabsServer()
        self._vendor.convai.ways.utterances = [HEARD] * 20
        self._vendor.convai.ways.script = _answer

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Mapping[str, str]]:
        async with self._vendor as vendor:
            yield {"PATTER_ELEVENLABS_BASE_URL": vendor.base_url}

    async def furnish(self, tenant: Tenant) -> None:
        given = {"provider": "elevenlabs", "api_key": self._vendor.api_key}
        await tenant.post("provider-credentials", given)

    async def agent(self, tenant: Tenant, reply_by: str, body: Mapping[str, Any]) -> str:
        made = await tenant.post("agents", body)
        await tenant.post(f"agents/{made['id']}/convai/provision")
        await tenant.post(f"agents/{made['id']}/publish")
        return str(made["id"])


def _answer(text: str) -> Answer:
    """What the vendor's model says and does. It says word for word what it is told to say."""
    if told := TOLD.fullmatch(text):
        return Answer(told[1])
    if text.startswith("tool:"):
        return Answer(REPLY)
    wish = wish_of(text)
    return Answer(wish.text, tool=(wish.tool, dict(wish.arguments)) if wish.tool else None)
