"""The socket of a simulated conversation: what its agent sends of what is wanted, its errors, its close."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Coroutine
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from patter.simulators.elevenlabs.convai_rules import ConversationError


class AgentSocket:
    """``over`` is set when the conversation is to be closed with ``code`` and ``reason``."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self.events: frozenset[str] = frozenset()
        """What the agent's ``client_events`` name. Nothing else is sent."""
        self.over = asyncio.Event()
        self.code, self.reason = 1000, ""

    async def receive(self) -> Any:
        """A message of the client's. Raises ConversationError, and WebSocketDisconnect at the end."""
        text = await self._socket.receive_text()
        try:
            return json.loads(text)
        except ValueError:
            raise ConversationError(1008, "invalid_message", "This is no JSON.") from None

    async def send(self, kind: str, name: str, **event: Any) -> None:
        if kind in self.events:
            await self.send_raw(json.dumps({"type": kind, name: event}))

    async def send_raw(self, text: str) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.send_text(text)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """In order: the socket's own lock keeps it."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def fail(self, error: ConversationError) -> None:
        """Say what is wrong, then close."""
        told = {"code": error.code, "error_type": error.kind, "message": str(error), "reason": error.kind}
        await self.send_raw(json.dumps({"type": "error", "error_event": told}))
        self.end(error.code, error.kind)

    def end(self, code: int, reason: str = "") -> None:
        self.code, self.reason = code, reason
        self.over.set()

    async def close(self) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close(self.code, self.reason)
