"""The values themselves are the SDK's: both homes carry a call by them."""

from patter.turn_taking import (
    BALANCED,
    BOUNDS,
    CHOICES,
    PRESETS,
    SWITCHES,
    WHOLE_NUMBERS,
    Bound,
    resolved_values,
    turn_taking_of,
)

__all__ = [
    "BALANCED",
    "BOUNDS",
    "CHOICES",
    "PRESETS",
    "SWITCHES",
    "WHOLE_NUMBERS",
    "Bound",
    "resolved_values",
    "turn_taking_of",
]
