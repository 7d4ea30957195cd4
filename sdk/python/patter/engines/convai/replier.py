"""Who is asked for replies: the user's handler, and the model that goes on where it is lost. Pure."""

from __future__ import annotations

from patter.bridge.commands import Command, HandlerAsk, HandlerStop, LlmAsk, LlmStop
from patter.bridge.engine import Parts


class Replier:
    """One at a time, from ``take_over`` on the model."""

    def __init__(self, parts: Parts) -> None:
        self._memory = parts.memory
        self._prompt = parts.plan.system_prompt.strip()
        self.by_model = False

    def id_of(self, turn_id: str) -> str:
        """By which an answer to this turn is known. What the handler still says of it has another."""
        return f"{turn_id}m" if self.by_model else turn_id

    def take_over(self) -> None:
        """The handler is not asked any more."""
        self.by_model = True

    def ask(self, turn_id: str, text: str) -> Command:
        """About what the caller said last."""
        history = self._memory.history()
        if not self.by_model:
            return HandlerAsk(turn_id, text, history)
        head = [{"role": "system", "content": self._prompt}] if self._prompt else []
        said = [{"role": turn["role"], "content": turn["text"]} for turn in history]
        # No tools: those that the ElevenLabs agent has are its own, and it is not asked here.
        return LlmAsk(self.id_of(turn_id), [*head, *said])

    def stop(self, turn_id: str, heard: str) -> Command:
        """The turn is over. A handler also learns how much of its finished answer was heard."""
        return LlmStop(self.id_of(turn_id)) if self.by_model else HandlerStop(turn_id, heard)
