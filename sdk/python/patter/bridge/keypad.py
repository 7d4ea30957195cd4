"""Keys that the caller presses: each at once, or several as one entry."""

from __future__ import annotations

from dataclasses import dataclass

DIGITS = frozenset("0123456789*#ABCD")


def digit_text(digits: str) -> str:
    """A key or an entry as the agent reads it."""
    return f"[DTMF: {digits}]"


def is_entry(text: str) -> bool:
    """Whether a caller's turn is keys and no words."""
    return text.startswith("[DTMF:")


@dataclass(frozen=True, slots=True)
class Keypad:
    """What ends an entry: so many digits, the finish key, or a pause (None: ``keypad_pause_ms``)."""

    collect: bool = False
    max_digits: int = 20
    finish: str = "#"
    pause_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Keyed:
    """An entry, and when its first and its last key were pressed."""

    digits: str
    started_ms: int
    ended_ms: int


class Keys:
    """Collects one entry at a time."""

    def __init__(self, keypad: Keypad, pause_ms: int) -> None:
        self._keypad = keypad
        self._pause_s = (pause_ms if keypad.pause_ms is None else keypad.pause_ms) / 1000
        self._digits = ""
        self._started_ms = self._ended_ms = 0
        self.due: float | None = None
        """When the pause ends the entry."""

    @property
    def pending(self) -> bool:
        return bool(self._digits)

    def press(self, digit: str, at_ms: int, now: float) -> Keyed | None:
        """A key. Gives the entry when this completes it. A finish key alone is an entry of its own."""
        self._started_ms = self._started_ms if self._digits else at_ms
        self._ended_ms = at_ms
        finishes = digit == self._keypad.finish and bool(self._digits)
        self._digits += "" if finishes else digit
        full = len(self._digits) >= self._keypad.max_digits
        if finishes or full or not self._keypad.collect or self._digits == self._keypad.finish:
            return self.take()
        self.due = now + self._pause_s
        return None

    def take_due(self, now: float) -> Keyed | None:
        """What was entered, once, when the pause ended it."""
        return self.take() if self.due is not None and self.due <= now else None

    def take(self) -> Keyed | None:
        """What was entered so far, complete or not."""
        keyed = Keyed(self._digits, self._started_ms, self._ended_ms) if self._digits else None
        self._digits, self.due = "", None
        return keyed
