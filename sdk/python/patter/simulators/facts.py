"""What happened in a simulated call, for whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened. ``at_ms`` counts from the moment the call began to exist.

    Kinds of the caller: said, digit, agent_started, agent_stopped, turn_latency, caller_hung_up.
    Kinds of the carrier: status, document, carrier_said, carrier_pressed, stream_started,
    stream_stopped, mark, cleared, webhook, trouble, ended.
    """

    kind: str
    at_ms: int
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "at_ms": self.at_ms, **self.data}
