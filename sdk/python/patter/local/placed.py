"""Calls that were placed under an ``idempotency_key``: the same key places one, however often it is used."""

from __future__ import annotations

from patter.call import Call
from patter.errors import ConfigError

MOST_REMEMBERED = 500
"""Of the newest, for as long as serving goes on."""


class PlacedCalls:
    """By their keys. A call without one is nobody's repeat."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}

    def find(self, key: str | None, to: str) -> Call | None:
        """The call that this key has placed already. Raises ConfigError where that went to somebody else."""
        known = self._calls.get(key) if key else None
        if known is not None and known.callee != to:
            raise ConfigError(
                f"idempotency_key {key!r} has placed a call to another number. Use another key."
            )
        return known

    def note(self, key: str | None, call: Call) -> None:
        if key:
            self._calls[key] = call
            if len(self._calls) > MOST_REMEMBERED:
                del self._calls[next(iter(self._calls))]

    def forget(self, key: str | None) -> None:
        """Nobody was called: the key may be used again."""
        self._calls.pop(key or "", None)
