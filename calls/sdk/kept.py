"""What a call told its SDK, and how far it arrived. Nothing here waits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from calls.sdk.facts import Frame

KEEP_S = 60.0
MOST_KEPT = 1_000
"""Whichever comes first. The oldest goes, whether it arrived or not."""


@dataclass(slots=True)
class Kept:
    """A frame of the call. ``connection_id`` and ``seq``: where it arrived, once it did."""

    number: int
    at: float
    frame: Frame
    delivered: bool = False
    connection_id: str = ""
    seq: int = 0


class KeptFrames:
    """The frames of one call, in the order in which they are sent."""

    def __init__(self) -> None:
        self._frames: deque[Kept] = deque()
        self._numbers = 0

    def keep(self, frame: Frame, now: float, *, first: bool = False) -> None:
        """Take a frame; ``first``: before everything else that waits."""
        while self._frames and (len(self._frames) >= MOST_KEPT or self._frames[0].at < now - KEEP_S):
            self._frames.popleft()
        self._numbers += 1
        kept = Kept(self._numbers, now, frame)
        if first:
            self._frames.appendleft(kept)
        else:
            self._frames.append(kept)

    def next(self) -> Kept | None:
        """The oldest that did not arrive."""
        return next((kept for kept in self._frames if not kept.delivered), None)

    @property
    def all_arrived(self) -> bool:
        return self.next() is None

    def rewind(self, connection_id: str, last_seq: int) -> None:
        """This connection read no further than ``last_seq``: what came after it is to be sent again."""
        for kept in self._frames:
            if kept.connection_id == connection_id and kept.seq > last_seq:
                kept.delivered = False

    def repeat_question(self, turn_id: str) -> None:
        """Send the message of this turn again, whether it arrived or not."""
        for kept in self._frames:
            if kept.frame["type"] == "message" and kept.frame["turn_id"] == turn_id:
                kept.delivered = False

    def drop(self, *kinds: str, spare: Kept | None = None) -> None:
        """Do not send what waits of these kinds; ``spare`` is on its way already."""
        for kept in self._frames:
            if kept.frame["type"] in kinds and kept is not spare:
                kept.delivered = True

    def drop_all_but(self, kind: str) -> None:
        for kept in self._frames:
            kept.delivered = kept.delivered or kept.frame["type"] != kind
