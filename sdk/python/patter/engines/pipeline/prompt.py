"""What the model is told when it is asked: who it is, what was said, and what its tools answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from patter.bridge.plan import CallPlan
from patter.bridge.wellformed import wellformed
from patter.engines.pipeline.tool_memory import ToolMemory

Messages = list[Mapping[str, Any]]


class Prompt:
    """What is the same in every question of a call, and what its tools said so far."""

    def __init__(self, plan: CallPlan) -> None:
        self.tools = plan.tools
        self.tool_memory = ToolMemory()
        system = wellformed(plan.system_prompt)
        self._head: Messages = [{"role": "system", "content": system}] if system else []

    def messages(
        self, history: Sequence[Mapping[str, str]], extra: Sequence[Mapping[str, Any]] = ()
    ) -> Messages:
        """Chat messages: the prompt, what was said and heard with the tool rounds between, and ``extra``."""
        return [*self._head, *self.tool_memory.woven(history), *extra]
