"""When a turn ends and what interrupts: the values that an agent may set, their bounds, and three presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from patter.bridge.plan import TurnTaking

BALANCED = "balanced"
SWITCHES: dict[str, bool] = {"first_message_interruptible": True, "speculation": True}
"""Settings that are true or false, with their defaults."""
CHOICES: dict[str, tuple[str, ...]] = {"voice_detector": ("energy", "silero")}
"""Settings that are one of a few words; the first is the default."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Lowest, default and highest value of one setting; the unit is in the setting's name."""

    lowest: float
    default: float
    highest: float


BOUNDS: dict[str, Bound] = {
    "endpointing_ms": Bound(50, 300, 3000),
    "turn_timeout_ms": Bound(200, 700, 5000),
    "max_turn_delay_ms": Bound(500, 3000, 15000),
    "min_voiced_ms": Bound(20, 60, 500),
    "barge_in_pause_ms": Bound(40, 100, 1000),
    "barge_in_confirm_ms": Bound(100, 700, 3000),
    "resume_after_ms": Bound(200, 1000, 5000),
    "keypad_pause_ms": Bound(300, 1500, 10000),
    "filler_after_ms": Bound(500, 1500, 10000),
    "handler_timeout_s": Bound(1, 20, 120),
    "idle_prompt_s": Bound(3, 10, 300),
    "idle_prompts": Bound(0, 2, 10),
    "max_duration_s": Bound(10, 3600, 14400),
    "ring_s": Bound(5, 30, 600),
    "beep_wait_s": Bound(5, 30, 120),
    "screening_wait_s": Bound(0, 6, 30),
    "first_message_delay_ms": Bound(0, 0, 10000),
}
WHOLE_NUMBERS = frozenset(name for name in BOUNDS if name.endswith("_ms")) | {
    "idle_prompts",
    "max_duration_s",
    "ring_s",
    "beep_wait_s",
}

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "endpointing_ms": 200,
        "turn_timeout_ms": 450,
        "max_turn_delay_ms": 2000,
        "min_voiced_ms": 40,
        "barge_in_pause_ms": 40,
        "barge_in_confirm_ms": 500,
        "resume_after_ms": 800,
        "keypad_pause_ms": 1000,
    },
    BALANCED: {},
    "patient": {
        "endpointing_ms": 600,
        "turn_timeout_ms": 1500,
        "max_turn_delay_ms": 6000,
        "min_voiced_ms": 80,
        "barge_in_pause_ms": 200,
        "barge_in_confirm_ms": 1000,
        "resume_after_ms": 1500,
        "keypad_pause_ms": 2500,
        "idle_prompt_s": 20,
        # A caller who thinks makes pauses: most of what is prepared in them would be thrown away.
        "speculation": False,
    },
}


def resolved_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Every value: defaults, then the preset's, then the agent's own."""
    own = {name: value for name, value in given.items() if name != "preset" and value is not None}
    defaults = {name: _typed(name, bound.default) for name, bound in BOUNDS.items()}
    preset = PRESETS[given.get("preset") or BALANCED]
    chosen = {name: words[0] for name, words in CHOICES.items()}
    return {**defaults, **SWITCHES, **chosen, **preset, **own}


def turn_taking_of(given: Mapping[str, Any], max_duration_s: int | None = None) -> TurnTaking:
    """What the call machine takes. ``max_duration_s`` wins over the value among the settings."""
    values = resolved_values(given)
    if max_duration_s is not None:
        values["max_duration_s"] = max_duration_s
    known = {field.name for field in fields(TurnTaking)}
    return TurnTaking(**{name: value for name, value in values.items() if name in known})


def _typed(name: str, value: float) -> int | float:
    return int(value) if name in WHOLE_NUMBERS else float(value)
