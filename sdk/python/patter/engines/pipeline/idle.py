"""A caller who says nothing: when they are asked whether they are there, and when they are left."""

from __future__ import annotations

from patter.bridge.plan import TurnTaking


class Idle:
    """Counts from the moment at which nobody speaks and nobody replies."""

    def __init__(self, values: TurnTaking) -> None:
        self._values = values
        self._prompts = 0
        self.at: float | None = None

    def put_off(self) -> None:
        """Something was heard: it counts anew."""
        self.at = None

    def answered(self) -> None:
        """The caller is there: they may be asked as often again."""
        self._prompts = 0

    def watch(self, now: float) -> None:
        """Nothing happens from now on, if it did not already."""
        if self.at is None:
            self.at = now + self._values.idle_prompt_s

    def take(self, now: float) -> bool:
        """True once, when the caller was silent for too long."""
        if self.at is None or self.at > now:
            return False
        self.at = None
        return True

    def asks(self) -> bool:
        """Whether they are asked once more; else they are left."""
        if self._prompts >= self._values.idle_prompts:
            return False
        self._prompts += 1
        return True
