"""The tools that come with Patter. What an organisation adds itself is not here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BuiltInTool:
    """A tool that every agent has. ``parameters`` is a JSON Schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    def as_function(self) -> dict[str, Any]:
        """The tool in the shape that chat models take."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": dict(self.parameters),
            },
        }


# Models call a tool whose description suggests silence or "no response" far too early, so the
# description names the one situation that it is for.
END_CALL = BuiltInTool(
    name="end_call",
    description=(
        "Hang up the phone. Use it only after the caller has said goodbye or has clearly said that they "
        "need nothing more, and after your own goodbye has been said."
    ),
    parameters={
        "type": "object",
        "properties": {
            "reason": {"type": "string", "description": "Why the call is over, in a few words. Not spoken."}
        },
        "additionalProperties": False,
    },
)

BUILT_IN: Mapping[str, BuiltInTool] = {tool.name: tool for tool in (END_CALL,)}


def built_in_functions() -> list[dict[str, Any]]:
    """Every built-in tool in the shape that chat models take; part of every call's plan."""
    return [tool.as_function() for tool in BUILT_IN.values()]
