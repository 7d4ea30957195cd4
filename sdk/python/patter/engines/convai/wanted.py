"""A reply that ElevenLabs wants from us, because the agent's replies are a handler's. Values only.

The vendor asks over HTTP and not over the conversation's socket; to the machine both are one line.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplyWanted:
    """``text`` is the caller's last message, ``messages`` how many of the caller's there are so far."""

    ask_id: str
    text: str
    messages: int


@dataclass(frozen=True, slots=True)
class ReplyUnwanted:
    """Whoever asked has gone away."""

    ask_id: str


@dataclass(frozen=True, slots=True)
class ReplyPiece:
    """A piece of the answer. Pieces follow each other without anything in between."""

    ask_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ReplyEnd:
    """The answer is complete. With no piece before it, silence is what was meant."""

    ask_id: str
