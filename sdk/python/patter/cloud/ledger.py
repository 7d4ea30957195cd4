"""What a client knows of its connection: how far it read, and which turns it has run. No I/O.

A server repeats frames after a connection was lost. Here it is seen which are repeats: no callback runs
twice, no handler is asked twice, and an answer that may have been lost is sent again.
"""

from __future__ import annotations

from collections import OrderedDict

from patter.cloud.messages import Answer, Frame

MOST_REMEMBERED = 5_000


class Ledger:
    """Bounded: the oldest is forgotten first."""

    def __init__(self) -> None:
        self.connection_id = ""
        self.last_seq = 0
        self.resuming: tuple[str, int] | None = None
        """Who we were before, and how far we read; until the server has said whether it knows us."""
        self._seen: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()

    def connected(self, hello: Frame) -> tuple[str, int] | None:
        """A socket was opened. Who we were before, if anybody: to be resumed."""
        if self.resuming is None and self.connection_id:
            self.resuming = (self.connection_id, self.last_seq)
        self._named(hello)
        return self.resuming

    def greeted_again(self, hello: Frame) -> None:
        """The answer to ``resume``: our old name, or the new one where the old one is not known any more."""
        self.resuming = None
        self._named(hello)

    def _named(self, hello: Frame) -> None:
        self.connection_id = str(hello.get("connection_id", ""))
        self.last_seq = 0

    def read(self, frame: Frame) -> None:
        """Note how far the server was read."""
        seq = frame.get("seq")
        if isinstance(seq, int) and not isinstance(seq, bool):
            self.last_seq = max(self.last_seq, seq)

    def is_new(self, frame: Frame) -> bool:
        """Whether a frame tells something that was not told yet."""
        key = _key(frame)
        if key is None:
            return True
        if key in self._seen:
            return False
        self._seen[key] = None
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def begin(self, call_id: str, turn_id: str) -> tuple[Answer, bool]:
        """The answer to a turn, and whether it is asked for the first time."""
        key = (call_id, turn_id)
        if (known := self._answers.get(key)) is not None:
            return known, False
        answer = self._answers[key] = Answer(call_id, turn_id)
        while len(self._answers) > MOST_REMEMBERED:
            self._answers.popitem(last=False)
        return answer, True


def _key(frame: Frame) -> tuple[str, ...] | None:
    """What makes a frame the same as one before; None for those of which each counts."""
    kind, call_id = frame["type"], str(frame.get("call_id", ""))
    match kind:
        case "call_start" | "call_end":
            return (kind, call_id)
        case "transcript":
            return (kind, call_id, str(frame.get("turn_id")), str(frame.get("role")), str(frame.get("text")))
        case "call_status":
            return (kind, call_id, str(frame.get("status")))
        case "machine_detection":
            return (kind, call_id, str(frame.get("result")))
    return None
