"""How long one reply is waited for: for its text or its tools, for its voice, and until a filler is said."""

from __future__ import annotations

from patter.bridge.clock import earliest, take_due
from patter.bridge.plan import CallPlan
from patter.engines.pipeline.reply import Reply

FILL_AGAIN_S = 5.0
"""The longest silence while a tool runs."""
VOICE_LATE_S = 8.0
"""A voice that owes audio and gives none for this long has failed, whatever its chain still hopes for."""


class Waits:
    """Three moments, each unset while nothing is waited for. ``take_…`` tells one that has come, once."""

    def __init__(self, plan: CallPlan) -> None:
        self._values = plan.turn_taking
        self._fills = bool(plan.phrases.filler.strip())
        self._answer: float | None = None
        self._voice: float | None = None
        self._filler: float | None = None

    def next_timer(self) -> float | None:
        return earliest(self._answer, self._voice, self._filler)

    def clear(self) -> None:
        """Nothing is waited for any more."""
        self._answer = self._voice = self._filler = None

    def for_text(self, now: float, *, filler: bool) -> None:
        """Whoever replies was asked; with ``filler`` the caller is told when it takes a moment."""
        self._answer = now + self._values.handler_timeout_s
        if filler:
            self._filler = now + self._values.filler_after_ms / 1000 if self._fills else None

    def for_tools(self, seconds: float, now: float) -> None:
        """Tools run: the caller is told again that it takes a moment, however much was said before."""
        self._answer = now + seconds
        self.fill_again(now)

    def fill_again(self, now: float) -> None:
        if self._filler is None and self._fills:
            self._filler = now + FILL_AGAIN_S

    def for_voice(self, reply: Reply, now: float) -> None:
        """Its voice owes audio from now on, or owes none."""
        self._voice = now + VOICE_LATE_S if reply.speech.waits_for else None

    @property
    def voice(self) -> bool:
        return self._voice is not None

    def text_came(self) -> None:
        """There is something to say: no filler is needed."""
        self._filler = None

    def text_complete(self) -> None:
        """No more text comes, and no filler is needed."""
        self._answer = self._filler = None

    def answer_complete(self) -> None:
        self._answer = None

    def take_answer(self, now: float) -> bool:
        due, self._answer = take_due(self._answer, now)
        return due

    def take_voice(self, now: float) -> bool:
        due, self._voice = take_due(self._voice, now)
        return due

    def take_filler(self, now: float) -> bool:
        due, self._filler = take_due(self._filler, now)
        return due
