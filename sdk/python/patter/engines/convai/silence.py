"""Nobody speaks: greeted, asked whether they are there, and in the end let go. Pure."""

from __future__ import annotations

from enum import Enum

from patter.bridge.plan import CallPlan


class Silent(Enum):
    """What is to be said into a silence."""

    GREETING = "greeting"
    PROMPT = "prompt"
    GOODBYE = "goodbye"


class Silence:
    """Counts while nobody is busy."""

    def __init__(self, plan: CallPlan) -> None:
        self._values = plan.turn_taking
        self._prompts = 0
        self._greets = plan.first_speaker == "caller" and bool(plan.first_message.strip())
        self.at: float | None = None

    @property
    def greets(self) -> bool:
        """The first message waits for a caller who says nothing."""
        return self._greets

    def broken(self) -> None:
        """Somebody makes a sound."""
        self.at = None

    def caller_spoke(self) -> None:
        self.at = None
        self._prompts = 0
        self._greets = False

    def watch(self, now: float, *, busy: bool) -> None:
        """After everything that happens."""
        if busy:
            self.at = None
        elif self.at is None:
            self.at = now + self._values.idle_prompt_s

    @property
    def prompted(self) -> bool:
        """The caller was asked whether they are there."""
        return self._prompts > 0

    @property
    def exhausted(self) -> bool:
        """Everything was asked that is to be asked."""
        return self._prompts >= self._values.idle_prompts

    def take(self) -> Silent:
        """It lasted long enough."""
        self.at = None
        if self._greets:
            self._greets = False
            return Silent.GREETING
        if self.exhausted:
            return Silent.GOODBYE
        self._prompts += 1
        return Silent.PROMPT
