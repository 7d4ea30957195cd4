"""Asking whoever replies in this call, and telling them that nobody listens any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from patter.bridge.commands import Command, HandlerAsk, HandlerStop, LlmAsk, LlmStop
from patter.bridge.engine import Parts
from patter.engines.pipeline.prompt import Prompt
from patter.engines.pipeline.reply import Kind, Reply

GO_ON = (
    "Your reply broke off. The caller hears its beginning, which stands above. Go on from there, without "
    "repeating it."
)


class Asking:
    """``reply_by``: handler or model, as the agent has it, until its policy lets the model take over."""

    def __init__(self, parts: Parts, prompt: Prompt) -> None:
        self._memory = parts.memory
        self._prompt = prompt
        self.reply_by = parts.plan.reply_by

    def about_turn(self, reply: Reply, text: str) -> Command:
        """What the caller said last. A model sees late results of tools at their places."""
        reply.asking = True
        if self.reply_by == "handler":
            return HandlerAsk(reply.turn_id, text, self._memory.history())
        self._prompt.tool_memory.forget_news()
        return self.model(reply)

    def model(self, reply: Reply, extra: Sequence[Mapping[str, Any]] = ()) -> Command:
        """The model, as the conversation stands now."""
        reply.asking = True
        messages = self._prompt.messages(self._memory.history(), extra)
        return LlmAsk(reply.ask_id, messages, self._prompt.tools)

    def rest(self, reply: Reply) -> Command:
        """What is missing of a reply in which the model broke off; all of it where nothing is spoken."""
        said = reply.drop_unspoken()
        reply.went_on = True
        reply.tools.forget_called()
        reply.ask_id = f"{reply.ask_id}b"
        begun = {"role": "assistant", "content": said}
        return self.model(reply, [begun, {"role": "system", "content": GO_ON}] if said else [])

    def stop(self, reply: Reply, heard: str) -> list[Command]:
        """The reply ends here, after ``heard``."""
        asking, reply.asking = reply.asking, False
        if reply.kind is Kind.ANSWER and self.reply_by == "handler":
            # Also after it finished: it learns how much of its answer was heard.
            return [] if reply.failed else [HandlerStop(reply.turn_id, heard)]
        return [LlmStop(reply.ask_id)] if asking else []
