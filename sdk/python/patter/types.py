"""What user code is given and gives back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Reply = str | None | Iterator[str] | AsyncIterator[str]
"""A text, nothing, or a text in pieces."""
MessageHandler = Callable[..., Reply | Awaitable[Reply]]
"""``on_message(message)`` or ``on_message(message, call)``; sync or async, or a generator of either kind."""
Callback = Callable[[dict[str, Any]], Any]
"""``on_call_start`` and its sisters: one dictionary in; sync or async; what it returns is ignored."""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """What the caller said or pressed, and the conversation so far.

    Args:
        text: the words; a key press is ``[DTMF: 1]``.
        call_id: the same for all messages of a call.
        history: ``[{role, text}]``, roles user and assistant, what was heard; this message is the last.
        caller: number of whoever calls, in E.164 form; empty when withheld.
        callee: number that was called.
        turn_id: the caller's turn that this is.
        direction: ``inbound`` or ``outbound``.
    """

    text: str
    call_id: str
    history: list[dict[str, str]] = field(default_factory=list)
    caller: str = ""
    callee: str = ""
    turn_id: str = ""
    direction: str = "inbound"
