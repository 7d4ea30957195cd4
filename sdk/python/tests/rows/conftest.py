"""The cast: strict providers, a handler whose answers are known, and a way to call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from patter.bridge.commands import HandlerAsk
from patter.bridge.events import HandlerDelta, HandlerDone
from patter.bridge.plan import CallPlan, ProviderSpec, TurnTaking
from patter.bridge.session import Performers
from patter.engines.llm import open_llm
from patter.engines.stt import open_stt
from patter.engines.tts import open_tts
from patter.engines.web import close_clients
from patter.simulators.deepgram import DeepgramServer
from patter.simulators.openai import OpenAiServer

from .phone import Call, calling

HEARD = "what can you do"


class Answers:
    """Meets ``Handler``: what is asked is kept, and answered in order; the last answer is given again."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts) or ["Of course."]
        self.asked: list[HandlerAsk] = []
        self.cancelled: list[tuple[str, str]] = []

    async def ask(self, command: HandlerAsk, emit: Callable[[Any], None]) -> None:
        self.asked.append(command)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        emit(HandlerDelta(command.turn_id, text))
        emit(HandlerDone(command.turn_id))

    def cancel(self, turn_id: str, heard: str) -> None:
        self.cancelled.append((turn_id, heard))


@pytest.fixture
async def ears_and_voice() -> AsyncIterator[DeepgramServer]:
    async with DeepgramServer(utterances=[HEARD]) as server:
        yield server


@pytest.fixture
async def model() -> AsyncIterator[OpenAiServer]:
    async with OpenAiServer() as server:
        yield server
        await close_clients()


@pytest.fixture
def call(
    ears_and_voice: DeepgramServer, request: pytest.FixtureRequest
) -> Callable[..., AbstractAsyncContextManager[Call]]:
    """``call(handler, plan=..., turn_taking=..., phone=...)``; without a handler the model replies."""

    def dial(
        handler: Answers | None = None,
        *,
        turn_taking: dict[str, Any] | None = None,
        phone: dict[str, Any] | None = None,
        runner: Any = None,
        record: bool = False,
        **plan: Any,
    ) -> AbstractAsyncContextManager[Call]:
        deepgram = ProviderSpec("deepgram", api_key=ears_and_voice.api_key, base_url=ears_and_voice.base_url)
        llm = None
        if handler is None:
            server: OpenAiServer = request.getfixturevalue("model")
            llm = ProviderSpec("openai", api_key=server.api_key, base_url=server.base_url)
        whole = CallPlan(
            "call_rows",
            stt=deepgram,
            tts=deepgram,
            llm=llm,
            reply_by="handler" if handler else "model",
            turn_taking=TurnTaking(**{"idle_prompt_s": 60.0, **(turn_taking or {})}),
            **plan,
        )
        performers = Performers(
            stt=lambda: open_stt(deepgram),
            tts=open_tts(deepgram),
            llm=open_llm(llm) if llm else None,
            handler=handler,
            tools=runner,
        )
        return calling(whole, performers, record=record, **(phone or {}))

    return dial


@pytest.fixture
def answers() -> type[Answers]:
    return Answers
