"""What has to be said before anything else, such as that the call is recorded. Pure.

The vendor's agent says it at the head of its first message. It stops for any voice that it hears: so until
the announcement was heard it hears nobody, and what the caller said meanwhile comes after it.
"""

from __future__ import annotations

from patter.bridge.plan import CallPlan
from patter.engines.convai.reply import AgentReply


class Announcement:
    """``due`` until it was heard in full, or nobody is there who has to hear it."""

    def __init__(self, plan: CallPlan) -> None:
        self._text = plan.announcement.strip()
        self.due = bool(self._text)

    @property
    def text(self) -> str:
        """What is still to be said; empty: nothing."""
        return self._text if self.due else ""

    def waive(self) -> None:
        """A machine is on the line, or the call ends."""
        self.due = False

    def moved(self, reply: AgentReply, heard_ms: int) -> bool:
        """The carrier played something of the agent's first words. True once it was heard in full."""
        if not self.due or not reply.heard(heard_ms).startswith(self._text):
            return False
        self.due = False
        return True

    def finished(self, reply: AgentReply) -> None:
        """The agent's first words were heard to their end, however the vendor writes them."""
        if not reply.broken:
            self.due = False
