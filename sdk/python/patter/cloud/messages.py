"""The frames of ``/ws/sdk`` (``docs/reference/socket.md``): how they are read and made. No I/O."""

from __future__ import annotations

import json
from typing import Any

from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed
from patter.types import IncomingMessage

Frame = dict[str, Any]
PROTOCOL = 2


def read(text: str | bytes) -> Frame | None:
    """A frame of the server; None for what is not one."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return frame if isinstance(frame, dict) and isinstance(frame.get("type"), str) else None


def write(frame: Frame) -> str:
    """Text of plain ASCII: whatever a handler answers, halves of characters too, can be sent."""
    return json.dumps(frame)


def history_of(frame: Frame) -> list[dict[str, str]] | None:
    """The conversation so far; None where the frame does not hold it."""
    history = frame.get("history")
    return [dict(turn) for turn in history if isinstance(turn, dict)] if isinstance(history, list) else None


def names_of(frame: Frame, field: str) -> dict[str, Any]:
    """A field that holds values by name; empty where it is something else."""
    value = frame.get(field)
    return dict(value) if isinstance(value, dict) else {}


def incoming(frame: Frame, direction: str = "") -> IncomingMessage:
    """A ``message`` frame as the handler gets it."""
    return IncomingMessage(
        text=str(frame.get("text") or ""),
        call_id=str(frame.get("call_id", "")),
        history=history_of(frame) or [],
        caller=str(frame.get("caller") or ""),
        callee=str(frame.get("callee") or ""),
        turn_id=str(frame.get("turn_id", "")),
        direction=str(frame.get("direction") or direction or "inbound"),
    )


def resume(connection_id: str, last_seq: int) -> Frame:
    return {"type": "resume", "connection_id": connection_id, "last_seq": last_seq}


def received(call_id: str, turn_id: str) -> Frame:
    return {"type": "received", "call_id": call_id, "turn_id": turn_id}


class Answer:
    """The frames of one reply, kept so that it can be sent again. A reply in one piece is one frame."""

    def __init__(self, call_id: str, turn_id: str) -> None:
        self._about = {"call_id": call_id, "turn_id": turn_id}
        self._held: str | None = None
        self._index = 0
        self.frames: list[Frame] = []

    def take(self, event: HandlerDelta | HandlerDone | HandlerFailed) -> list[Frame]:
        """What is to be sent for an event of the handler's. The first piece is held back until ``flush``."""
        match event:
            case HandlerDelta(_, text) if self._index == 0 and self._held is None:
                self._held = text
                return []
            case HandlerDelta(_, text):
                return [*self.flush(), self._piece(text)]
            case HandlerDone() if self._index == 0:
                text, self._held = self._held or "", None
                return [self._made("response", text=text)]
            case HandlerDone():
                return [self._made("response_end", index=self._index, text="")]
            case HandlerFailed(_, code, message):
                return [*self.flush(), self._made("response_error", code=code, message=message)]

    def flush(self) -> list[Frame]:
        """The first piece, which turned out not to be the whole."""
        held, self._held = self._held, None
        return [] if held is None else [self._piece(held)]

    def _piece(self, text: str) -> Frame:
        frame = self._made("response_delta", index=self._index, text=text)
        self._index += 1
        return frame

    def _made(self, kind: str, **fields: Any) -> Frame:
        frame = {"type": kind, **self._about, **fields}
        self.frames.append(frame)
        return frame
