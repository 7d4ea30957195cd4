"""What the simulated model answers: a function from the question. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A request that was found right. ``body`` is all of it."""

    model: str
    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]] = ()
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def last_said(self) -> str:
        """The newest user message."""
        said = [message for message in self.messages if message["role"] == "user"]
        return _text(said[-1]) if said else ""

    @property
    def tool_results(self) -> list[str]:
        """What the tools of the last round answered, in order; empty when they were not the last word."""
        results: list[str] = []
        for message in reversed(self.messages):
            if message["role"] != "tool":
                break
            results.insert(0, _text(message))
        return results


@dataclass(frozen=True, slots=True)
class ToolUse:
    """``arguments`` is the JSON text, right or wrong."""

    name: str
    arguments: str = "{}"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """``finish`` is worked out when it is empty: tool_calls with tools, else stop."""

    text: str = ""
    tools: tuple[ToolUse, ...] = ()
    finish: str = ""
    cached_tokens: int = 0

    @property
    def finish_reason(self) -> str:
        return self.finish or ("tool_calls" if self.tools else "stop")


AnswerFn = Callable[[Question], Answer | str]


def echo(question: Question) -> Answer:
    """Says what was said to it."""
    return Answer(f"You said: {question.last_said}")


def use_tools(*uses: ToolUse, then: str = "The tools say: {results}") -> AnswerFn:
    """Asks for these tools once for each thing that is said, then tells what they answered."""

    def answer(question: Question) -> Answer:
        if results := question.tool_results:
            return Answer(then.format(results=" and ".join(results)))
        return Answer(tools=uses)

    return answer


def tool(name: str, /, **arguments: Any) -> ToolUse:
    """One call of a tool, its arguments as JSON."""
    return ToolUse(name, json.dumps(arguments))


def _text(message: Message) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return str(content or "")
