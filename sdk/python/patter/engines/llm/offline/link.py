"""The rules model as an Llm port: it streams like a model, word by word."""

from __future__ import annotations

import asyncio
import re

from patter.bridge.commands import LlmAsk
from patter.bridge.events import LlmDelta, LlmDone, LlmToolCall
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.llm.offline.rules import decide, parse


class RulesLlm:
    """Options: ``rules``, ``otherwise`` and ``slots``, as told in ``rules.py``."""

    def __init__(self, spec: ProviderSpec) -> None:
        self._book = parse(spec.options)

    async def ask(self, command: LlmAsk, emit: Emit) -> None:
        """Emit the answer, then ``LlmDone``. Usage counts words, for want of tokens."""
        answer = decide(self._book, command.messages)
        pieces = re.findall(r"\s*\S+", answer.text)
        for piece in pieces:
            emit(LlmDelta(command.ask_id, piece))
            # A model streams: others get their turn, and a cut reply ends here.
            await asyncio.sleep(0)
        if answer.tool is not None:
            call_id = f"call_{command.ask_id}"
            emit(LlmToolCall(command.ask_id, call_id, answer.tool.name, answer.tool.arguments))
        asked = sum(len(str(message.get("content") or "").split()) for message in command.messages)
        emit(LlmDone(command.ask_id, {"input_tokens": asked, "output_tokens": len(pieces)}))
