"""One SDK connection, as a machine: whom it answers for, what was sent to it and in which order.

Nothing here waits. The consumer moves the bytes, and asks: may it bid for this call, which frame is next.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calls.sdk.facts import LEGACY, Frame

MOST_WAITING = 1_000
"""Frames that a client has not read. One that is so far behind is closed, and others take its calls."""

MOST_REMEMBERED = 5_000
"""Calls whose newest frame is known, so that one which is sent again is not delivered twice."""

NAMES_NUMBER, NAMES_AGENT, NAMES_NOTHING = 1, 2, 3
PLACED_IT = 0
"""The rank of a bid: the lower, the nearer."""


class Overflow(Exception):
    """The client does not read what it is sent."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a connection says it answers for: ``/ws/sdk?number=&agent=``, both repeatable."""

    numbers: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()


@dataclass(slots=True)
class Door:
    """``channel`` is the connection's own bus address; ``legacy``: a client that knows few frames."""

    organisation_id: str
    connection_id: str
    channel: str
    names: Names = field(default_factory=Names)
    legacy: bool = False
    closing: bool = False
    seq: int = 0
    calls: dict[str, str] = field(default_factory=dict)
    """The calls that are with this connection: call id → the call's own bus address."""
    _last: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """The newest frame of each call: the call's address, the frame's number, its seq."""
    _waiting: deque[str] = field(default_factory=deque)

    def rank(self, offer: Mapping[str, Any]) -> int | None:
        """How near this connection is to a call; None: it answers for others."""
        if self.closing:
            return None
        if offer.get("placed"):
            return PLACED_IT
        if offer.get("number") in self.names.numbers:
            return NAMES_NUMBER
        if offer.get("agent_id") in self.names.agents:
            return NAMES_AGENT
        return None if self.names.numbers or self.names.agents else NAMES_NOTHING

    def describe(self) -> dict[str, Any]:
        """The connection as calls know it."""
        return {"id": self.connection_id, "channel": self.channel, "legacy": self.legacy}

    def deliver(self, call_id: str, number: int, reply: str, frame: Frame) -> int:
        """Queue a call's frame ``number``, once however often it comes. Returns its seq. Raises Overflow."""
        known = self._last.pop(call_id, None)
        if known is not None and known[:2] == (reply, number):
            self._last[call_id] = known
            return known[2]
        seq = self.send(frame)
        self._last[call_id] = (reply, number, seq)
        while len(self._last) > MOST_REMEMBERED:
            del self._last[next(iter(self._last))]
        if frame["type"] == "call_end":
            self.calls.pop(call_id, None)
        else:
            self.calls[call_id] = reply
        return seq

    def send(self, frame: Frame) -> int:
        """Queue a frame. Returns its seq; frames that a legacy client does not know have none (0)."""
        if self.legacy and frame["type"] not in LEGACY:
            return 0
        if len(self._waiting) >= MOST_WAITING:
            raise Overflow
        self.seq += 1
        self._waiting.append(json.dumps({**frame, "seq": self.seq}))
        return self.seq

    def resume(self, connection_id: str, last_seq: int) -> None:
        """The client was this connection before: it keeps its name, and counts on from what it read."""
        self.connection_id = connection_id
        self.seq = max(0, last_seq)

    def next(self) -> str | None:
        return self._waiting.popleft() if self._waiting else None
