"""Why a call ends once its last reply was heard, and what the carrier must say in our place."""

from __future__ import annotations

from patter.bridge.engine import EndCall
from patter.engines.pipeline.reply import Reply

FAILURES = ("provider_error", "handler_lost")
"""Ends for which the caller is owed an apology, if need be in the carrier's own voice."""


class Ending:
    """Of one call. ``apology`` is the agent's phrase."""

    def __init__(self, apology: str) -> None:
        self._apology = apology
        self._owes_apology = False
        self.reason = ""

    def after(self, reply: Reply, reason: str) -> None:
        """This reply is the last."""
        reply.closing, self.reason = True, reason

    def without_voice(self, reply: Reply) -> None:
        """No voice says the rest: an apology follows, unless this was the last reply anyhow."""
        self._owes_apology = not reply.closing
        self.after(reply, self.reason or "provider_error")

    def take_apology(self) -> bool:
        """True once, if one is owed: perhaps another voice can say it, or it is stored."""
        owed, self._owes_apology = self._owes_apology, False
        return owed

    def command(self, *, heard: bool) -> EndCall:
        """``heard``: something of the last reply was."""
        unheard = not heard and self.reason in FAILURES
        return EndCall(self.reason, self._apology if unheard else "")
