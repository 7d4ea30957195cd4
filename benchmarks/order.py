"""What the load is to do, and what it saw: told between two processes as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Number:
    """Somewhere to call. ``voice_url`` empty: the media socket itself is called, without a webhook."""

    preset: str
    number: str = ""
    voice_url: str = ""
    status_url: str = ""
    media_url: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What the parent process wants."""

    numbers: list[Number]
    calls: int
    seconds: float
    account_sid: str
    auth_token: str
    ramp_s: float = 0.05

    @staticmethod
    def read(text: str) -> Order:
        data = orjson.loads(text)
        return Order(**{**data, "numbers": [Number(**number) for number in data["numbers"]]})


@dataclass(slots=True)
class Result:
    """What was seen from the time when all calls were up."""

    latencies_ms: list[float] = field(default_factory=list)
    barge_in_ms: dict[str, list[float]] = field(default_factory=dict)
    tick_late_ms: list[float] = field(default_factory=list)
    expected: int = 0
    barge_ins_missed: int = 0
    late: int = 0
    missing: int = 0
    failed_calls: int = 0
    watched: dict[str, Any] = field(default_factory=dict)
    """Of the first call: its id, and when on the media clock its caller spoke and its agent was heard."""
    troubles: list[str] = field(default_factory=list)
    counting: bool = False
    stopping: bool = False
