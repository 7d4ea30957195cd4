"""Keys that the caller presses."""

from __future__ import annotations

DIGITS = frozenset("0123456789*#ABCD")


def digit_text(digit: str) -> str:
    """A key as the agent reads it."""
    return f"[DTMF: {digit}]"
