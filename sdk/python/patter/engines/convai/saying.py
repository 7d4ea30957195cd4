"""Words of ours that the vendor's agent is to say: a goodbye, a question whether anybody is there. Pure.

The protocol has no "say this". A message in the caller's name makes the agent answer. Where a handler
replies, that answer is asked of us, and is given word for word; a model of the vendor's is told what to say
and mostly does.
"""

from __future__ import annotations

from dataclasses import dataclass

from patter.engines.convai.caller import folded
from patter.engines.convai.wire import UserMessage
from patter.engines.pipeline.reply import Kind

BEGINS_WITHIN_S = 4.0
"""After that we say it in our own voice."""
INSTRUCTION = "[Say to the caller exactly the following, word for word, and nothing else: {text}]"


@dataclass(slots=True)
class Wish:
    text: str
    kind: Kind
    message: str
    until: float


class OwnWords:
    """One wish at a time: a newer one takes the place of the older."""

    def __init__(self, reply_by: str) -> None:
        self._by_handler = reply_by == "handler"
        self._count = 0
        self._messages: set[str] = set()
        self.wish: Wish | None = None
        self._unsent: UserMessage | None = None

    def ask(self, text: str, kind: Kind, now: float) -> UserMessage:
        """The message that makes the agent say this."""
        self._count += 1
        message = f"[patter:{self._count}]" if self._by_handler else INSTRUCTION.format(text=text)
        self._messages.add(folded(message))
        self.wish = Wish(text, kind, message, now + BEGINS_WITHIN_S)
        return UserMessage(message)

    def keep(self, message: UserMessage) -> None:
        """It is sent as soon as there is a conversation."""
        self._unsent = message

    def take_unsent(self) -> UserMessage | None:
        """The message that waits for the conversation, unless its time is over."""
        message, self._unsent = self._unsent, None
        return message if self.wish is not None else None

    def is_ours(self, text: str) -> bool:
        """Whether a caller's text is such a message of ours, told back to us."""
        return folded(text) in self._messages

    def answer(self, text: str) -> str:
        """What the agent is to say where the vendor asks for the answer to our message; empty: nothing."""
        wish = self.wish
        return wish.text if wish is not None and folded(wish.message) == folded(text) else ""

    def begun(self) -> Wish | None:
        """The agent's next answer begins: the wish that it fulfils."""
        wish, self.wish = self.wish, None
        return wish

    def late(self, now: float) -> Wish | None:
        """A wish that nobody fulfilled in time."""
        if self.wish is None or self.wish.until > now:
            return None
        return self.begun()
