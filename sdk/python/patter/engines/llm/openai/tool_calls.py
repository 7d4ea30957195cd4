"""Tool calls, put together from the pieces in which a model writes them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.events import LlmToolCall


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


class ToolCalls:
    """Id and name come first and once; arguments come in pieces, of several calls in any order."""

    def __init__(self, ask_id: str) -> None:
        self._ask_id = ask_id
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def push(self, piece: Mapping[str, Any]) -> None:
        """One element of ``delta.tool_calls``. Raises ValueError when it has not that shape."""
        function = piece.get("function") or {}
        if not isinstance(function, Mapping):
            raise ValueError("a tool call without a function")
        call = self._find(piece)
        call.id = call.id or str(piece.get("id") or "")
        call.name = call.name or str(function.get("name") or "")
        arguments = function.get("arguments")
        # Some servers give the whole object at once, not its text.
        call.arguments += json.dumps(arguments) if isinstance(arguments, dict) else str(arguments or "")

    def take(self) -> list[LlmToolCall]:
        """All calls, in the order in which they began. Raises ValueError when one has no name."""
        calls, self._calls, self._by_index = self._calls, [], {}
        if not all(call.name for call in calls):
            raise ValueError("a tool call without a name")
        return [
            LlmToolCall(self._ask_id, call.id or f"call_{self._ask_id}_{at}", call.name, call.arguments)
            for at, call in enumerate(calls)
        ]

    def _find(self, piece: Mapping[str, Any]) -> _Call:
        index, call_id = piece.get("index"), str(piece.get("id") or "")
        if not isinstance(index, int):
            # Without an index an id begins a call, and its absence goes on with the last one.
            index = len(self._calls) if call_id or not self._calls else len(self._calls) - 1
        known = self._by_index.get(index)
        # Some servers give every call of a round the index 0.
        if known is None or (call_id and known.id and call_id != known.id):
            known = self._by_index[index] = _Call()
            self._calls.append(known)
        return known
