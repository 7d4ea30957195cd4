"""uvicorn's WebSocket protocol with the extensions of ``patter.carriers.direct``.

Nearly all that a call's socket receives and sends is one short text frame after the other: those are read
and written here. Everything else, and every question of the protocol, is the library's. It is given
whole frames, so both always stand at the same place of the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from patter.carriers.direct import DIRECT, DIRECT_WRITE, Message
from patter_site.operations.frames import is_whole_text, payload_span, text_frame, unmasked

FAULT = "patter.fault"
"""In the queue after a function that raised."""
MOST_FRAME_BYTES = 65_536
"""A longer frame is left to the library, and all that come after it."""
MOST_UNSENT_BYTES = 65_536
"""With more than this in the transport nothing is written directly: uvicorn knows how to wait."""


class DirectSocket(WebSocketsSansIOProtocol):
    """Messages wait in uvicorn's queue until the application asks for them to be delivered."""

    _take: Callable[[Message], None] | None = None
    _cuts = False
    """Frames are cut here: from the handshake on, until one comes that is too long or in pieces."""
    _rest = b""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # accepted: the application's task is made, and has not begun
            self._cuts = True
            extensions: Any = self.scope["extensions"]
            extensions[DIRECT] = self.deliver
            extensions[DIRECT_WRITE] = self.write_now

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

    def write_now(self, texts: Sequence[str]) -> bool:
        """Meets ``Write``."""
        if self.conn.state is not State.OPEN or not self.handshake_complete or self.disconnected:
            return False
        if self.transport.is_closing() or self.transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            return False
        self.transport.write(b"".join([text_frame(text.encode()) for text in texts]))
        return True

    # -- receiving --------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if not self._cuts:
            super().data_received(data)
            if not data.endswith(b"\r\n\r\n"):
                self._cuts = False  # a frame came along, before our answer
            return
        data = self._rest + data if self._rest else data
        at = 0
        while self._cuts and (span := payload_span(data, at)) is not None:
            begin, end = span
            if end - begin > MOST_FRAME_BYTES:
                self._cuts = False
            elif end > len(data):
                break
            else:
                self._one_frame(data[at:end], begin - at)
                at = end
        self._rest = data[at:]
        if not self._cuts and self._rest:
            rest, self._rest = self._rest, b""
            super().data_received(rest)

    def _one_frame(self, frame: bytes, begin: int) -> None:
        """A whole frame, whose payload begins there."""
        if self._take is not None and is_whole_text(frame) and not self.close_sent:
            try:
                text = unmasked(frame, begin).decode()
            except UnicodeDecodeError:
                pass  # the library knows what to answer
            else:
                self._give(self._take, {"type": "websocket.receive", "text": text})
                return
        super().data_received(frame)
        # In pieces, or closed: what a message is, or that there is none any more, the library knows.
        self._cuts = self.conn.current_size is None and self.conn.state in (State.CONNECTING, State.OPEN)

    def send_receive_event_to_app(self) -> None:
        """What the library read while messages are delivered directly: bytes, pieces, long texts."""
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
        self._give(self._take, message)

    def _give(self, take: Callable[[Message], None], message: Message) -> None:
        try:
            take(message)
        except Exception as error:
            self._take = None
            fault: Any = {"type": FAULT, "error": error}
            self.queue.put_nowait(fault)
