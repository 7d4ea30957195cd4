"""Who answers for a call: asked of all connections at once, and decided among those that bid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ANSWER_WITHIN_S = 0.3
OTHERS_WITHIN_S = 0.05
"""After the first bid: a nearer connection in another process gets this long to speak up."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A connection as a call knows it. ``channel`` changes when it is resumed, its id does not."""

    id: str
    channel: str
    legacy: bool = False

    @classmethod
    def of(cls, described: dict[str, Any]) -> Peer:
        return cls(str(described["id"]), str(described["channel"]), bool(described.get("legacy")))


@dataclass(slots=True)
class Search:
    """One question to the doors, ``placed``: only to the connection that placed the call."""

    number: int
    until: float
    placed: bool = False
    _bids: list[tuple[int, int, str, Peer]] = field(default_factory=list)

    def bid(self, peer: Peer, rank: int, load: int, now: float) -> None:
        self._bids.append((rank, load, peer.id, peer))
        self.until = min(self.until, now if self.placed else now + OTHERS_WITHIN_S)

    def winner(self) -> Peer | None:
        """The nearest; among equals the one with the fewest calls."""
        return min(self._bids, key=lambda bid: bid[:3])[3] if self._bids else None
