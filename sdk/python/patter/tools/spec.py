"""A tool as a call knows it: what the model is told of it, and how it is run. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from patter.bridge.plan import ToolTraits

Kind = Literal["webhook", "mcp", "function"]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""What every model provider takes as the name of a function."""
NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}
TIMEOUT_S = 30.0
WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool of one call. Variables are already in ``url``, ``headers`` and ``body``.

    Args:
        parameters: JSON Schema of the arguments; an object.
        headers: sent with each request; they may hold secrets.
        body: fields beside those that every request has.
        secret: signs the requests (``whsec_…``); empty: they are not signed.
        timeout_s: how long one try may take.
        wait_s: how long the model waits for the result; afterwards it is told that it is pending, and the
            result is a turn of its own. 0 does not wait at all.
        effects: it changes something outside, so it is written down before it is sent, and goes on when
            the caller speaks over it.
        idempotent: whoever receives it recognises a repeated ``webhook-id``; only then it may be sent again
            after a crash that left its result unknown.
        background: its tries go on when the call is over.
        remote_name: what an MCP server calls it.
        function: a Python function, for the kind ``function``.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: NO_PARAMETERS)
    kind: Kind = "webhook"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    timeout_s: float = TIMEOUT_S
    wait_s: float = WAIT_S
    effects: bool = True
    idempotent: bool = False
    background: bool = False
    tool_id: str = ""
    remote_name: str = ""
    function: Callable[..., Any] | None = field(default=None, repr=False)

    def as_function(self) -> dict[str, Any]:
        """The tool in the shape that chat models take."""
        return as_function(self.name, self.description, self.parameters)

    def traits(self) -> ToolTraits:
        """What an engine must know of it."""
        return ToolTraits(effects=self.effects, background=self.background, wait_s=self.wait_s)


def as_function(name: str, description: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A definition in the shape that chat models take."""
    function = {"name": name, "description": description, "parameters": dict(parameters)}
    return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The call in which a tool runs, as its requests tell of it."""

    call_id: str = ""
    caller: str = ""
    callee: str = ""
    direction: str = "inbound"
    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a run came to: ``result`` is for the model, JSON-able and limited."""

    result: Any
    ok: bool = True


def refused(error: str) -> ToolOutcome:
    """A run that did not happen, in a sentence that tells the model what to do instead."""
    return ToolOutcome({"error": error}, ok=False)
