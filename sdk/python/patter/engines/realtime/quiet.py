"""How long nobody says anything, and how often the caller was asked whether they are there. Pure."""

from __future__ import annotations

from patter.bridge.plan import TurnTaking


class Quiet:
    """``at``: when the silence has lasted too long; None while somebody speaks."""

    def __init__(self, values: TurnTaking) -> None:
        self._prompt_s = values.idle_prompt_s
        self._most_prompts = values.idle_prompts
        self._prompts = 0
        self.at: float | None = None

    def wait(self, now: float, *, for_caller: bool) -> None:
        """Whether it is the caller's turn, and they say nothing. Told after everything that happens."""
        if not for_caller:
            self.at = None
        elif self.at is None:
            self.at = now + self._prompt_s

    def take(self, now: float) -> bool:
        """True, once, when it has lasted too long."""
        if self.at is None or self.at > now:
            return False
        self.at = None
        return True

    def broken(self) -> None:
        """Somebody speaks, or presses a key."""
        self.at = None

    def answered(self) -> None:
        """The caller is there: they may be silent anew."""
        self._prompts = 0

    def ask_again(self) -> bool:
        """True when the caller is asked once more, False when they were asked often enough."""
        if self._prompts >= self._most_prompts:
            return False
        self._prompts += 1
        return True
