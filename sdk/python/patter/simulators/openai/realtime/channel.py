"""The server's side of one socket: what is said, in order, and what goes wrong on purpose meanwhile."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from patter.simulators.openai.realtime.moments import Moment, Moments
from patter.simulators.openai.realtime.shapes import RealtimeError

GONE = (WebSocketDisconnect, RuntimeError)


class Channel:
    """``sent`` holds every type that was sent. ``broken`` is done when the connection is to end."""

    def __init__(self, socket: WebSocket, moments: Moments, *, silent: bool) -> None:
        self._socket, self._moments = socket, moments
        self._silent = silent
        self._counts: dict[str, int] = {}
        self.broken: asyncio.Future[Moment] = asyncio.get_running_loop().create_future()
        self.sent: list[str] = []

    def new_id(self, kind: str) -> str:
        self._counts[kind] = count = self._counts.get(kind, 0) + 1
        return f"{kind}_{count}"

    async def say(self, event: dict[str, Any]) -> None:
        moment = self._moments.take(event["type"]) if self._moments else None
        if moment is not None and not await self._happen(moment, event):
            return
        if self._silent or self.broken.done():
            return
        self.sent.append(event["type"])
        event_id = self.new_id("event")
        with suppress(*GONE):
            await self._socket.send_text(json.dumps({**event, "event_id": event_id}))

    async def refuse(self, error: RealtimeError) -> None:
        await self.say({"type": "error", "error": error.as_json()})

    async def _happen(self, moment: Moment, event: dict[str, Any]) -> bool:
        """Let it go wrong. Whether the message is sent all the same."""
        if moment.late_s:
            await asyncio.sleep(moment.late_s)
        if (moment.drop or moment.close) and not self.broken.done():
            self.broken.set_result(moment)
        if moment.silent:
            self._silent = True
        if moment.garbage:
            with suppress(*GONE):
                await self._socket.send_text(moment.garbage)
        if moment.error:
            await self.refuse(RealtimeError(moment.error, moment.reason or "It was planned to go wrong."))
        if moment.code:
            details = {"type": "failed", "error": {"code": moment.code, "message": "It was planned."}}
            event["response"] |= {"status": "failed", "status_details": details}
        return not (moment.lose or moment.drop or moment.close or moment.silent)

    async def leave(self) -> None:
        """Close as was planned, or because the server goes away."""
        moment = self.broken.result() if self.broken.done() else Moment("", close=1001)
        with suppress(*GONE):
            if moment.drop:
                # Starlette has no way to do without a closing handshake: an unclean code stands for it.
                await self._socket.close(1011, "")
            else:
                await self._socket.close(moment.close or 1001, moment.reason)
