"""How a voice mode is set up, and who speaks in it: a model of a vendor's, or a program of the customer's.

Whoever replies does the same: keys are wishes (``WISHES``), everything else is answered with ``REPLY``.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from patter.simulators.deepgram import DeepgramServer
from patter.simulators.openai import OpenAiServer
from patter.simulators.openai.script import Answer, Question, ToolUse
from tests.system.program import Frame
from tests.system.tenant import Tenant

GREETING, REPLY, GOODBYE = "Hello, this is Acme.", "Of course.", "Goodbye then."
HEARD = "what are your hours"
LEAVE, GIVE_AWAY = "9", "7"
DESK = "desk"
"""The target to which the agent itself transfers callers."""
SUMMARY = "A caller with a question."


@dataclass(frozen=True, slots=True)
class Wish:
    """What the agent does: it says something, and uses one of the built-in tools."""

    text: str = REPLY
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


WISHES = {
    f"[DTMF: {LEAVE}]": Wish(GOODBYE, "end_call"),
    f"[DTMF: {GIVE_AWAY}]": Wish("", "transfer_call", {"target": DESK, "summary": SUMMARY}),
}


def wish_of(text: str) -> Wish:
    return WISHES.get(text, Wish())


class Mode(Protocol):
    """One voice mode with its vendors, simulated."""

    name: str

    def open(self) -> contextlib.AbstractAsyncContextManager[Mapping[str, str]]:
        """Start the vendors. Gives the platform's environment."""

    async def furnish(self, tenant: Tenant) -> None:
        """The customer's accounts at the vendors."""

    async def agent(self, tenant: Tenant, reply_by: str, body: Mapping[str, Any]) -> str:
        """An agent of this mode, ready for calls: its id. ``body`` is what all modes have in common."""


class Pipeline:
    """Meets ``Mode``: Deepgram hears and speaks, OpenAI replies."""

    name = "pipeline"

    def __init__(self) -> None:
        self._deepgram = DeepgramServer(utterances=[HEARD])
        self._openai = OpenAiServer(_answer)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Mapping[str, str]]:
        async with self._deepgram as ears, self._openai as model:
            yield {"PATTER_DEEPGRAM_BASE_URL": ears.base_url, "PATTER_OPENAI_BASE_URL": model.base_url}

    async def furnish(self, tenant: Tenant) -> None:
        for provider, key in (("deepgram", self._deepgram.api_key), ("openai", self._openai.api_key)):
            await tenant.post("provider-credentials", {"provider": provider, "api_key": key})

    async def agent(self, tenant: Tenant, reply_by: str, body: Mapping[str, Any]) -> str:
        providers = {"stt": {"provider": "deepgram"}, "tts": {"provider": "deepgram"}}
        model = {"llm": {"provider": "openai"}} if reply_by == "model" else {}
        made = await tenant.post("agents", {**body, **providers, **model})
        return str(made["id"])


def _answer(question: Question) -> Answer:
    if question.tool_results:
        return Answer(REPLY)
    wish = wish_of(question.last_said)
    return Answer(wish.text, tools=(ToolUse(wish.tool, json.dumps(wish.arguments)),) if wish.tool else ())


def answers(message: Frame) -> list[Frame]:
    """What the customer's program does: it replies as the models do."""
    wish, turn = wish_of(message["text"]), {"turn_id": message["turn_id"]}
    said = [{"type": "received", **turn}, {"type": "response", "text": wish.text, **turn}]
    if wish.tool == "end_call":
        return [*said, {"type": "hang_up", "ref": "1"}]
    if wish.tool == "transfer_call":
        return [*said, {"type": "transfer", "ref": "1", "to": DESK, "summary": SUMMARY}]
    return said
