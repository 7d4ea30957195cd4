"""What goes wrong in a session on purpose, and just before which of the server's messages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that goes wrong once.

    Args:
        before: the type of the server's message before which it happens.
        skip: so many messages of that type pass first.
        drop: the connection is torn down.
        close: the socket is closed with this code, and ``reason``.
        silent: nothing is said from then on, and the socket stays open.
        lose: the message is not sent.
        late_s: it is sent this late.
        error: an ``error`` message with this code is sent before it.
        code: of ``response.done``: the response failed with this code.
        garbage: this text is sent before it, which is no message.
    """

    before: str
    skip: int = 0
    drop: bool = False
    close: int = 0
    reason: str = ""
    silent: bool = False
    lose: bool = False
    late_s: float = 0.0
    error: str = ""
    code: str = ""
    garbage: str = ""


class Moments:
    """The moments that are still to come, in the order in which they were planned."""

    def __init__(self) -> None:
        self._coming: list[Moment] = []
        self._passed: dict[int, int] = {}

    def add(self, *moments: Moment) -> None:
        self._coming += moments

    def __bool__(self) -> bool:
        return bool(self._coming)

    def take(self, type_name: str) -> Moment | None:
        """What happens before this message, if anything does."""
        for moment in self._coming:
            if moment.before != type_name:
                continue
            passed = self._passed.get(id(moment), 0)
            if passed < moment.skip:
                self._passed[id(moment)] = passed + 1
                continue
            self._coming.remove(moment)
            self._passed.pop(id(moment), None)
            return moment
        return None
