"""The one guess that may be open, and when it is begun, believed and forgotten."""

from __future__ import annotations

from patter.bridge.commands import LlmAsk
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import Event
from patter.engines.pipeline.guess import Guess, History
from patter.engines.pipeline.prompt import Prompt
from patter.engines.pipeline.reply import Kind, Reply


class Guesses:
    """Prepares replies before the caller is surely done (``guess.py``), one at a time."""

    def __init__(self, parts: Parts, prompt: Prompt) -> None:
        self._parts = parts
        self._prompt = prompt
        self._open: Guess | None = None
        self._count = 0

    def begin(self, history: History, now: float) -> Outcome:
        """Ask the model about words that may not be the last."""
        if self._open is not None and self._open.fits(history):
            return []
        forgotten = self.forget()
        self._count += 1
        reply = Reply(f"g{self._count}", Kind.ANSWER, self._parts.playback, asked_at=now)
        reply.asking = True
        reply.speech.withhold()
        self._open = Guess(reply, history)
        return [*forgotten, LlmAsk(reply.ask_id, self._prompt.messages(history), self._prompt.tools)]

    def fits(self) -> bool:
        """Whether the reply to what was said so far is being prepared already."""
        return self._open is not None and self._open.fits(self._parts.memory.history())

    def doubt(self, text: str) -> Outcome:
        """The caller's words so far. Other ones than those that the model was asked about end the guess."""
        return [] if self._open is None or self._open.still_likely(text) else self.forget()

    def owns(self, event: Event) -> bool:
        return self._open is not None and self._open.owns(event)

    def take(self, event: Event, now: float) -> Outcome:
        """Something that the open guess owns."""
        taken = self._open.take(event, now) if self._open is not None else None
        return self.forget() if taken is None else [*taken]

    def forget(self) -> Outcome:
        guess, self._open = self._open, None
        return [] if guess is None else [*guess.stop()]

    def believe(self) -> Guess:
        """The caller was done, and with those words: from now on it is the reply."""
        guess, self._open = self._open, None
        assert guess is not None
        return guess
