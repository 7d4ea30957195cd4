"""How long a reply is waited for: its text or tools, its sound, and until a filler is said. Pure."""

from __future__ import annotations

from patter.bridge.clock import earliest, take_due
from patter.bridge.plan import CallPlan

FILL_AGAIN_S = 5.0
"""The longest silence while a tool runs."""
FIRST_SOUND_S = 6.0
STALL_S = 3.0
"""A session that owes something and says nothing for this long has failed."""


class Waits:
    """Three moments, each unset while nothing is waited for. ``take_…`` tells one that has come, once."""

    def __init__(self, plan: CallPlan) -> None:
        self._values = plan.turn_taking
        self._fills = bool(plan.phrases.filler.strip())
        self._answer: float | None = None
        self._sound: float | None = None
        self._filler: float | None = None

    def next_timer(self) -> float | None:
        return earliest(self._answer, self._filler, self._sound)

    def clear(self) -> None:
        """Nothing is waited for any more."""
        self._answer = self._sound = self._filler = None

    # -- text and tools ---------------------------------------------------------------------------

    def for_text(self, now: float) -> None:
        """A handler was asked; the caller is told when it takes a moment."""
        self._answer = now + self._values.handler_timeout_s
        self._fill_after_a_while(now)

    def more_text(self, now: float, *, words: bool) -> None:
        """A piece of text came; with ``words`` in it no filler is needed."""
        self._answer = now + self._values.handler_timeout_s
        if words:
            self._filler = None

    def for_tools(self, seconds: float, now: float) -> None:
        """Tools run, and the session owes nothing meanwhile."""
        self._answer, self._sound = now + seconds, None
        self._fill_after_a_while(now)

    def fill_again(self, now: float) -> None:
        self._filler = now + FILL_AGAIN_S

    def answer_complete(self) -> None:
        """Neither text nor results are waited for, and no filler is needed."""
        self._answer = self._filler = None

    def _fill_after_a_while(self, now: float) -> None:
        self._filler = now + self._values.filler_after_ms / 1000 if self._fills else None

    # -- sound ------------------------------------------------------------------------------------

    def for_sound(self, now: float, *, more: bool = False) -> None:
        """The session owes sound from now on; ``more``: some of the reply was there already."""
        self._sound = now + (STALL_S if more else FIRST_SOUND_S)

    def sound_complete(self) -> None:
        self._sound = None

    # -- what has come ----------------------------------------------------------------------------

    def take_answer(self, now: float) -> bool:
        due, self._answer = take_due(self._answer, now)
        return due

    def take_sound(self, now: float) -> bool:
        due, self._sound = take_due(self._sound, now)
        return due

    def take_filler(self, now: float) -> bool:
        due, self._filler = take_due(self._filler, now)
        return due
