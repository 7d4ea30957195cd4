"""The mode realtime in the matrix: one OpenAI session hears, replies and speaks, or reads aloud."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from patter.simulators.openai import OpenAiServer
from patter.simulators.openai.realtime.session import Session
from patter.simulators.openai.script import Answer, Question, ToolUse
from patter.simulators.openai.transcription_rules import Recording
from tests.system.matrix.voices import HEARD, REPLY, wish_of
from tests.system.tenant import Tenant


class Realtime:
    """Meets ``Mode``. ``sessions``: every one that there was."""

    name = "realtime"

    def __init__(self) -> None:
        self._openai = OpenAiServer(_answer, hear=_hear)

    @property
    def sessions(self) -> list[Session]:
        return self._openai.realtime.sessions

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Mapping[str, str]]:
        async with self._openai as vendor:
            yield {"PATTER_OPENAI_BASE_URL": vendor.base_url}

    async def furnish(self, tenant: Tenant) -> None:
        await tenant.post("provider-credentials", {"provider": "openai", "api_key": self._openai.api_key})

    async def agent(self, tenant: Tenant, reply_by: str, body: Mapping[str, Any]) -> str:
        return str((await tenant.post("agents", body))["id"])


def _answer(question: Question) -> Answer:
    """What the model says and does."""
    if question.tool_results:
        return Answer(REPLY)
    wish = wish_of(question.last_said)
    return Answer(wish.text, tools=(ToolUse(wish.tool, json.dumps(wish.arguments)),) if wish.tool else ())


async def _hear(recording: Recording) -> str:
    return HEARD
