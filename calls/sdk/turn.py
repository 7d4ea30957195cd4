"""One message that an SDK was asked to answer: which pieces came, and whether somebody runs its handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed

HandlerEvent = HandlerDelta | HandlerDone | HandlerFailed
CODES = frozenset({"handler_error", "handler_timeout", "handler_cancelled"})
MOST_AHEAD = 1_000
"""Pieces that overtook an earlier one. A network keeps the order; only a client can lose it."""
MOST_CHARS = 20_000
"""About twenty minutes of speech."""


@dataclass(slots=True)
class OpenTurn:
    """``asked``: the connections it was sent to; only they may answer."""

    turn_id: str
    asked: set[str] = field(default_factory=set)
    acked: bool = False
    received: bool = False
    """A handler runs it. It is not asked anywhere else from now on."""
    held_until: float | None = None
    """Its connection is lost; until then it may come back with the answer."""
    over: bool = False
    _next: int = 0
    _end: int | None = None
    _ahead: dict[int, str] = field(default_factory=dict)
    _chars: int = 0

    def take(self, connection_id: str, frame: Mapping[str, Any]) -> list[HandlerEvent]:
        """What a client's frame says about this turn: nothing where it is of others, or a repeat."""
        if self.over or connection_id not in self.asked:
            return []
        if frame.get("turn_id") not in (None, self.turn_id):
            return []
        match frame["type"]:
            case "received":
                self.received = True
                return []
            case "response":
                return self._whole(_text(frame))
            case "response_delta":
                return self._piece(_index(frame), _text(frame))
            case "response_end":
                return self._finish(_index(frame), _text(frame))
            case "response_error":
                return self._failed(frame)
        return []

    def fail(self, code: str, message: str) -> list[HandlerEvent]:
        self.over = True
        return [HandlerFailed(self.turn_id, code, message)]

    def _whole(self, text: str) -> list[HandlerEvent]:
        self.received = True
        said = self._say(text) if self._next == 0 else []
        return said if self.over else [*said, self._done()]

    def _piece(self, index: int | None, text: str) -> list[HandlerEvent]:
        self.received = True
        self._take_piece(self._next if index is None else index, text)
        return self._say_in_order()

    def _take_piece(self, index: int, text: str) -> None:
        if index >= self._next and len(self._ahead) < MOST_AHEAD:
            self._ahead[index] = text

    def _say_in_order(self) -> list[HandlerEvent]:
        said: list[HandlerEvent] = []
        while not self.over and self._next in self._ahead:
            said += self._say(self._ahead.pop(self._next))
            self._next += 1
        if not self.over and self._end is not None and self._next >= self._end:
            said.append(self._done())
        return said

    def _finish(self, index: int | None, text: str) -> list[HandlerEvent]:
        self.received = True
        if index is None:
            index = max(self._ahead, default=self._next - 1) + 1
        if text:
            self._take_piece(index, text)
        self._end = index + 1 if text else index
        if self._ahead:
            # Pieces travel in order: what is missing now is in no frame. The client counts in its own way,
            # from one perhaps.
            pieces = [self._ahead[each] for each in sorted(self._ahead)]
            self._ahead = dict(enumerate(pieces, self._next))
            self._end = self._next + len(pieces)
        return self._say_in_order()

    def _failed(self, frame: Mapping[str, Any]) -> list[HandlerEvent]:
        code = str(frame.get("code"))
        return self.fail(code if code in CODES else "handler_error", str(frame.get("message", ""))[:500])

    def _say(self, text: str) -> list[HandlerEvent]:
        self._chars += len(text)
        if self._chars > MOST_CHARS:
            return self.fail("handler_error", f"A reply has at most {MOST_CHARS} characters.")
        return [HandlerDelta(self.turn_id, text)] if text else []

    def _done(self) -> HandlerDone:
        self.over = True
        return HandlerDone(self.turn_id)


def _text(frame: Mapping[str, Any]) -> str:
    text = frame.get("text")
    return text if isinstance(text, str) else ""


def _index(frame: Mapping[str, Any]) -> int | None:
    """None where the frame does not say: it is the next."""
    index = frame.get("index")
    return index if isinstance(index, int) and not isinstance(index, bool) and index >= 0 else None
