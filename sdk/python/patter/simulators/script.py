"""What the person on the phone is told to do, step by step, and its JSON form.

JSON: ``{"say": "Hello"}``, ``{"over": "Stop!", "after_ms": 400}``, ``{"digits": "1w2"}``,
``{"audio": "question.wav"}``, ``{"wait_ms": 500}`` or ``{"wait_s": 0.5}``, ``{"hang_up": true}``,
``{"hang_up_at_ms": 3000}``, ``{"listen": true}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PATIENCE_MS = 3000


@dataclass(frozen=True, slots=True)
class Say:
    """Speak when the agent has finished, or after ``patience_ms`` when it never began."""

    text: str
    patience_ms: int = PATIENCE_MS


@dataclass(frozen=True, slots=True)
class Over:
    """Speak over the agent, ``after_ms`` after it began."""

    text: str
    after_ms: int = 500


@dataclass(frozen=True, slots=True)
class Digits:
    """Press keys when the agent has finished; ``w`` waits half a second."""

    digits: str
    patience_ms: int = PATIENCE_MS


@dataclass(frozen=True, slots=True)
class Audio:
    """Play a recording instead of speaking: the path of a WAV file, or µ-law bytes."""

    source: str | bytes
    patience_ms: int = PATIENCE_MS


@dataclass(frozen=True, slots=True)
class Wait:
    ms: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang up when the agent has finished; with ``at_ms`` at that moment of the call, whatever happens."""

    at_ms: int | None = None
    patience_ms: int = PATIENCE_MS


@dataclass(frozen=True, slots=True)
class Listen:
    """Stay until the other side hangs up."""


Step = Say | Over | Digits | Audio | Wait | HangUp | Listen


def parse_steps(rows: Iterable[Any]) -> list[Step]:
    """Steps from their JSON form. Raises ValueError with the row that means nothing."""
    return [_step(row) for row in rows]


def _step(row: Any) -> Step:
    match row:
        case {"say": str(text)}:
            return Say(text, _ms(row, "patience_ms", PATIENCE_MS))
        case {"over": str(text)}:
            return Over(text, _ms(row, "after_ms", 500))
        case {"digits": str(digits)} if digits and set(digits) <= set("0123456789*#ABCDw"):
            return Digits(digits, _ms(row, "patience_ms", PATIENCE_MS))
        case {"audio": str(path)}:
            return Audio(path, _ms(row, "patience_ms", PATIENCE_MS))
        case {"wait_ms": int()}:
            return Wait(_ms(row, "wait_ms", 0))
        case {"wait_s": int(seconds) | float(seconds)} if 0 <= seconds <= 600:
            return Wait(int(seconds * 1000))
        case {"hang_up_at_ms": int()}:
            return HangUp(_ms(row, "hang_up_at_ms", 0))
        case {"hang_up": True}:
            return HangUp(patience_ms=_ms(row, "patience_ms", PATIENCE_MS))
        case {"listen": True}:
            return Listen()
    raise ValueError(f"not a step of a caller: {row!r}")


def _ms(row: Mapping[str, Any], name: str, default: int) -> int:
    value = row.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 600_000:
        raise ValueError(f"{name} is milliseconds, 0 to 600000")
    return value


def texts_in(steps: Sequence[Step]) -> list[str]:
    return [step.text for step in steps if isinstance(step, Say | Over)]
