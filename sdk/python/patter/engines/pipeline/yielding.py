"""An answer that is ready while the caller speaks on waits for them, rather than being said over them.

What they say belongs to the turn that is being answered: the answer is cut unheard, and whoever replies is
asked about all of it. A voice without words, a cough, only keeps the answer back for a moment.
"""

from __future__ import annotations

from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.interrupt import resume_after_ms
from patter.engines.pipeline.reply import Reply


class Yielding:
    """Of one call. Times are media time."""

    def __init__(self, values: TurnTaking) -> None:
        self._values = values
        self._reply: Reply | None = None
        self._from_ms = 0
        self._quiet_from: int | None = None

    def voice_began(self, reply: Reply, at_ms: int) -> None:
        """``reply`` is being made, and nothing of it was sent."""
        if reply is not self._reply:
            self._reply, self._from_ms = reply, at_ms
            reply.speech.withhold()
        self._quiet_from = None

    def voice_ended(self, at_ms: int) -> None:
        self._quiet_from = at_ms

    def take_over(self, reply: Reply | None, now_ms: int, *, words: bool, owed: bool) -> bool:
        """True once, when this reply waits and may begin.

        ``words``: the caller has said something; ``owed``: whether they did is still to be told.
        """
        if reply is None or reply is not self._reply:
            return False
        # The last words of a call wait for nobody.
        over = reply.closing or (not words and self._is_over(now_ms, owed=owed))
        if over:
            self._reply = None
        return over

    def _is_over(self, now_ms: int, *, owed: bool) -> bool:
        if now_ms - self._from_ms >= self._values.max_turn_delay_ms:
            return True  # a noise that does not end is no caller
        if self._quiet_from is None:
            return False
        short = self._quiet_from - self._from_ms < self._values.barge_in_pause_ms
        return short or now_ms - self._quiet_from >= resume_after_ms(self._values, owed=owed)
