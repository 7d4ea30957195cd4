"""What SDKs are told of a call, and the frames that say it, as ``docs/reference/socket.md`` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Frame = dict[str, Any]
History = Sequence[Mapping[str, str]]
"""Frames share its turns, which nobody changes: each frame of a long call holds all that was said before."""

LEGACY = frozenset({"call_start", "message", "call_end"})
"""The frames that a client without the header ``X-Patter-Protocol: 2`` knows."""


@dataclass(frozen=True, slots=True)
class SdkFacts:
    """A call as SDKs know it. ``number`` is ours, E.164; ``reply_to`` the bus address of who placed it."""

    call_id: str
    organisation_id: str
    number: str = ""
    agent_id: str = ""
    direction: str = "inbound"
    caller: str = ""
    callee: str = ""
    mode: str = "pipeline"
    custom_params: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    reply_to: str = ""
    recording_url: str = ""


def shared(history: History, known: History) -> History:
    """The same turns, and where they are known already those: they are held once."""
    return [known[at] if at < len(known) and known[at] == turn else turn for at, turn in enumerate(history)]


def offer(facts: SdkFacts, search: int, reply: str, *, placed: bool) -> Frame:
    """The message that asks connections who answers for a call; they bid to the bus address ``reply``."""
    return {
        "type": "sdk.offer",
        "search": search,
        "call_id": facts.call_id,
        "number": facts.number,
        "agent_id": facts.agent_id,
        "placed": placed,
        "reply": reply,
    }


def call_start(facts: SdkFacts, history: History) -> Frame:
    return {
        "type": "call_start",
        "call_id": facts.call_id,
        "caller": facts.caller,
        "callee": facts.callee,
        "direction": facts.direction,
        "mode": facts.mode,
        "custom_params": dict(facts.custom_params),
        "agent_id": facts.agent_id,
        "variables": dict(facts.variables),
        "history": list(history),
    }


def message(facts: SdkFacts, turn_id: str, text: str, history: History) -> Frame:
    return {
        "type": "message",
        "call_id": facts.call_id,
        "turn_id": turn_id,
        "text": text,
        "caller": facts.caller,
        "callee": facts.callee,
        "direction": facts.direction,
        "history": list(history),
    }


def transcript(call_id: str, turn_id: str, role: str, text: str, history: History) -> Frame:
    return {
        "type": "transcript",
        "call_id": call_id,
        "turn_id": turn_id,
        "role": role,
        "text": text,
        "history": list(history),
    }


def call_end(
    call_id: str,
    *,
    reason: str,
    duration_s: float,
    history: History,
    transcript: Sequence[Mapping[str, Any]],
    recording_url: str = "",
    status: str = "",
) -> Frame:
    """``cost`` is there for clients that read it; until prices are known it is null."""
    frame: Frame = {
        "type": "call_end",
        "call_id": call_id,
        "reason": reason,
        "duration": duration_s,
        "duration_seconds": duration_s,
        "history": list(history),
        "transcript": [dict(row) for row in transcript],
        "cost": None,
    }
    if recording_url:
        frame["recording_url"] = recording_url
    if status:
        frame["status"] = status
    return frame
