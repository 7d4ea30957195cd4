"""A simulated OpenAI that hears a script, and whole calls that speak with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from patter.bridge.commands import HandlerAsk
from patter.bridge.events import HandlerDelta, HandlerDone, ToolDone
from patter.bridge.plan import CallPlan, ProviderSpec, TurnTaking
from patter.bridge.session import Performers
from patter.engines.realtime.machine import RealtimeMachine
from patter.engines.speech import open_speech
from patter.simulators.openai import OpenAiServer
from patter.simulators.openai.hearing import Scripted
from patter.simulators.script import Step
from patter.testing.carried import CarriedCall, CarriedCalls
from patter.testing.fakes import FakePerformer


@pytest.fixture
async def server() -> AsyncIterator[OpenAiServer]:
    async with OpenAiServer(hear=Scripted(["Hello", "Where are you", "Thank you"])) as running:
        yield running


@dataclass
class Home:
    """Dials calls in realtime mode."""

    server: OpenAiServer
    calls: CarriedCalls
    handler: FakePerformer = field(
        default_factory=lambda: FakePerformer(lambda ask, emit: answer(ask, emit, f"You said {ask.text}."))
    )
    tools: FakePerformer = field(
        default_factory=lambda: FakePerformer(lambda run, emit: emit(ToolDone(run.run_id, {"at": "nine"})))
    )

    async def dial(self, steps: list[Step], *, tts: Any = None, **plan: Any) -> CarriedCall:
        options = {"silence_duration_ms": 300, **plan.pop("options", {})}
        key, address = self.server.api_key, self.server.base_url
        spec = ProviderSpec("openai", language="en", options=options, api_key=key, base_url=address)
        plan.setdefault("turn_taking", TurnTaking(idle_prompt_s=30))
        if tts is not None:
            plan["tts"] = ProviderSpec("offline")
        wanted = CallPlan(call_id="call_1", mode="realtime", speech=spec, record=False, **plan)
        performers = Performers(
            speech=lambda: open_speech(spec), tts=tts, handler=self.handler, tools=self.tools
        )
        return await self.calls.dial(wanted, performers, steps)

    async def all_closed(self) -> None:
        """No session stays open behind a call."""
        async with asyncio.timeout(5):
            await asyncio.gather(*(s.closed.wait() for s in self.server.realtime.sessions))


def answer(ask: HandlerAsk, emit: Callable[[Any], None], *texts: str) -> None:
    for text in texts:
        emit(HandlerDelta(ask.turn_id, text))
    emit(HandlerDone(ask.turn_id))


@pytest.fixture
async def home(server: OpenAiServer) -> AsyncIterator[Home]:
    async with CarriedCalls(RealtimeMachine) as calls:
        home = Home(server, calls)
        yield home
        await home.all_closed()
