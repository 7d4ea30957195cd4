"""The tools that come with Patter. What an organisation adds itself is not here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.transfers import TransferPolicy


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


def transfer_call(policy: TransferPolicy) -> BuiltInTool | None:
    """The tool with which an agent gives its caller to a human; None where it may transfer to nobody."""
    if not policy.some:
        return None
    described = [f"{target.name}: {target.description}" for target in policy.targets if target.description]
    target: dict[str, Any] = {"type": "string", "description": "Who the caller is transferred to."}
    if policy.prefixes:
        target["description"] += " A name, or a number in E.164 that the caller is to be connected to."
    else:
        target["enum"] = [one.name for one in policy.targets]
    if described:
        target["description"] += " " + "; ".join(described)
    return BuiltInTool(
        name="transfer_call",
        description=(
            "Connect the caller to a human. Say in one short sentence that you are putting them through, and "
            "call this in the same answer. If nobody can be reached, the caller comes back to you."
        ),
        parameters={
            "type": "object",
            "properties": {
                "target": target,
                "summary": {
                    "type": "string",
                    "description": "For the human, in two sentences: who is calling, and what they need.",
                },
            },
            "required": ["target"],
            "additionalProperties": False,
        },
    )


def built_in_functions(transfers: TransferPolicy | None = None) -> list[dict[str, Any]]:
    """Every built-in tool in the shape that chat models take; part of every call's plan."""
    transfer = transfer_call(transfers) if transfers else None
    return [tool.as_function() for tool in (*BUILT_IN.values(), transfer) if tool is not None]
