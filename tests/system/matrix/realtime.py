"""The mode realtime with its vendor, simulated."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from patter.simulators.openai import OpenAiServer
from patter.simulators.openai.realtime.session import Session
from tests.system.matrix.voices import HEARD, _answer
from tests.system.tenant import Tenant


async def _hear(recording: Any) -> str:
    return HEARD


class Realtime:
    """Meets ``Mode``: one OpenAI session hears, replies and speaks, or reads a program's replies aloud."""

    name = "realtime"

    def __init__(self) -> None:
        self._openai = OpenAiServer(_answer, hear=_hear)

    @property
    def sessions(self) -> list[Session]:
        """Every session that there was."""
        return self._openai.realtime.sessions

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Mapping[str, str]]:
        async with self._openai as vendor:
            yield {"PATTER_OPENAI_BASE_URL": vendor.base_url}

    async def furnish(self, tenant: Tenant) -> None:
        await tenant.post("provider-credentials", {"provider": "openai", "api_key": self._openai.api_key})

    async def agent(self, tenant: Tenant, reply_by: str, body: Mapping[str, Any]) -> str:
        return str((await tenant.post("agents", body))["id"])
