"""One handler under test: what it is asked, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed
from patter.handlers import HandlerRunner
from patter.types import IncomingMessage

Ask = Callable[..., Awaitable[list[Any]]]


class Asked:
    """What a runner told of each turn, by turn id."""

    def __init__(self, handler: Any, **options: Any) -> None:
        self.runner = HandlerRunner(handler, **options)
        self.events: list[Any] = []

    async def turn(self, text: str = "hello", *, turn_id: str = "t1", call_id: str = "c1") -> list[Any]:
        message = IncomingMessage(text, call_id, [{"role": "user", "text": text}], turn_id=turn_id)
        await self.runner.run(message, call=f"the call {call_id}", tell=self.events.append)
        return [short(event) for event in self.events if event.turn_id == turn_id]

    def start(self, text: str = "hello", **more: Any) -> asyncio.Task[list[Any]]:
        return asyncio.create_task(self.turn(text, **more))


def short(event: Any) -> Any:
    match event:
        case HandlerDelta(_, text):
            return text
        case HandlerDone():
            return "."
        case HandlerFailed(_, code):
            return code


@pytest.fixture
def asked() -> type[Asked]:
    return Asked
