"""uvicorn's WebSocket protocol with the extension of ``patter.carriers.direct``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from patter.carriers.direct import DIRECT, Message

FAULT = "patter.fault"
"""In the queue after a function that raised."""


class DirectSocket(WebSocketsSansIOProtocol):
    """Messages wait in uvicorn's queue until the application asks for them to be delivered."""

    _take: Callable[[Message], None] | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # accepted: the application's task is made, and has not begun
            extensions: Any = self.scope["extensions"]
            extensions[DIRECT] = self.deliver

    async def deliver(self, take: Callable[[Message], None]) -> Message:
        """Meets ``Deliver``."""
        while not self.queue.empty():
            waited: Message = dict(await self.receive())
            if waited["type"] == "websocket.disconnect":
                return waited
            take(waited)
        self._take = take
        try:
            last: Message = dict(await self.receive())
        finally:
            self._take = None
        if last["type"] == FAULT:
            raise last["error"]
        return last

    def send_receive_event_to_app(self) -> None:
        if self._take is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        data = b"".join(self.frames)
        message: Message = {"type": "websocket.receive", "bytes": data}
        if self.curr_msg_data_type == "text":
            try:
                message = {"type": "websocket.receive", "text": data.decode()}
            except UnicodeDecodeError:
                super().send_receive_event_to_app()  # which knows what to answer
                return
        self.frames = []
        try:
            self._take(message)
        except Exception as error:
            self._take = None
            fault: Any = {"type": FAULT, "error": error}
            self.queue.put_nowait(fault)
