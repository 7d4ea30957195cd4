"""The tools that every agent has, and what must hold before they are carried out. Pure: for every engine.

Models hang up on people: on a cough, on a greeting that was cut, because the description of the tool named
silence as a reason. So the descriptions say what the tools are for and nothing else, and an engine asks
here before it does what the model wants. A refusal is a sentence for the model; the call goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.transfers import TransferPolicy
from patter.tools.spec import as_function

END_CALL = "end_call"
TRANSFER_CALL = "transfer_call"
NAMES = (END_CALL, TRANSFER_CALL)

YOUNGEST_MS = 3_000
"""Nobody has called, been answered and said goodbye in less."""

TOO_YOUNG = (
    "The call has only just begun, so it is not ended. Go on with the conversation, and end the call once "
    "the caller has said goodbye."
)
NOBODY_SPOKE = (
    "The caller has not said anything yet, so the call is not ended. Wait for the caller, or ask whether "
    "they can hear you."
)


@dataclass(frozen=True, slots=True)
class BuiltInTool:
    """A tool that comes with Patter. ``parameters`` is a JSON Schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    def as_function(self) -> dict[str, Any]:
        """The tool in the shape that chat models take."""
        return as_function(self.name, self.description, self.parameters)


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is true of the call as the model wants something of it.

    Args:
        age_ms: since media began.
        caller_spoke: they said something, or pressed a key.
        idle: they were silent for so long that they were asked whether they are there.
    """

    age_ms: int
    caller_spoke: bool = False
    idle: bool = False


def end_call_tool() -> BuiltInTool:
    # Models call a tool whose description suggests silence or "no response" far too early, so the
    # description names the one situation that it is for.
    return BuiltInTool(
        name=END_CALL,
        description=(
            "Hang up the phone. Use it only after the caller has said goodbye or has clearly said that they "
            "need nothing more, and after your own goodbye has been said."
        ),
        parameters={
            "type": "object",
            "properties": {
                "reason": {
                    "type": "string",
                    "description": "Why the call is over, in a few words. Not spoken.",
                }
            },
            "additionalProperties": False,
        },
    )


def transfer_call_tool(policy: TransferPolicy | None = None) -> BuiltInTool:
    """``policy``: to whom this agent's callers may go.

    The model chooses by name, and a number only where one of the agent's prefixes allows it, so that it
    cannot be talked into any other.
    """
    targets = policy.targets if policy else ()
    target: dict[str, Any] = {"type": "string", "description": "Who the caller is transferred to."}
    if policy and policy.prefixes:
        target["description"] += " A name, or a number in E.164 that the caller is to be connected to."
    elif targets:
        target["enum"] = [one.name for one in targets]
    described = [f"{one.name}: {one.description}" for one in targets if one.description]
    if described:
        target["description"] += " " + "; ".join(described)
    return BuiltInTool(
        name=TRANSFER_CALL,
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


def built_in_functions(policy: TransferPolicy | None = None) -> list[dict[str, Any]]:
    """What every agent has, in the shape that chat models take."""
    return [end_call_tool().as_function(), transfer_call_tool(policy).as_function()]


def end_call_refusal(facts: CallFacts) -> str | None:
    """Why the model may not end the call now, or None."""
    if facts.age_ms < YOUNGEST_MS:
        return TOO_YOUNG
    return None if facts.caller_spoke or facts.idle else NOBODY_SPOKE


def transfer_refusal(facts: CallFacts) -> str | None:
    """Why the model may not transfer the call now, or None. Whether the target is allowed is asked apart."""
    if facts.caller_spoke or facts.idle:
        return None
    return "The caller has not said anything yet, so the call is not transferred. Wait for the caller."
