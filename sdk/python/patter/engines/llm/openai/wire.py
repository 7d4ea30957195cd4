"""Chat completions over server-sent events: our question to a request body, its lines to our events. Pure.

The chat protocol and not the newer Responses: it is the one that every other server speaks too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.bridge.commands import LlmAsk
from patter.bridge.events import LlmDelta, LlmDone, LlmFailed, LlmToolCall
from patter.engines.json_text import loads
from patter.engines.llm.openai.sse import SseReader
from patter.engines.llm.openai.thoughts import Thoughts
from patter.engines.llm.openai.tool_calls import ToolCalls
from patter.engines.refusal import FATAL_CODES, error_of

PATH = "/chat/completions"
DONE = "[DONE]"

_WITHHELD = {
    "content_filter": "the answer was withheld by a content filter",
    "length": "the answer's limit was spent before its first word",
}
"""Ends of an answer without a word, for which silence would be no answer. Thinking counts in the limit."""

Answer = LlmDelta | LlmToolCall | LlmDone | LlmFailed


@dataclass(frozen=True, slots=True)
class Settings:
    """``fields`` go into the request as they are. ``stream_usage`` asks for the count of tokens."""

    model: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    stream_usage: bool = True
    parallel_tool_calls: bool | None = None


def request_body(command: LlmAsk, settings: Settings) -> dict[str, Any]:
    """The JSON of one question. What never changes within a call comes first, for the prompt cache."""
    body: dict[str, Any] = {"model": settings.model, "stream": True}
    if settings.stream_usage:
        body["stream_options"] = {"include_usage": True}
    if command.tools:
        body["tools"] = [_tool(tool) for tool in command.tools]
        if settings.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = settings.parallel_tool_calls
    fields = dict(settings.fields)
    if not command.tools:
        fields.pop("tool_choice", None)  # refused where there is nothing to choose
    return {**body, **fields, "messages": [dict(message) for message in command.messages]}


class AnswerReader:
    """One answer. ``begun``: text or a tool call came; ``over``: nothing more counts.

    ``count`` grows with every event of the server; comments that only keep the line open are none.
    """

    def __init__(self, ask_id: str) -> None:
        self._ask_id = ask_id
        self._sse = SseReader()
        self._thoughts = Thoughts()
        self._tools = ToolCalls(ask_id)
        self._usage: dict[str, int] = {}
        self._finish: str | None = None
        self._spoke = False
        self.over = False
        self.count = 0

    @property
    def finished(self) -> bool:
        """The model said that this is all; how many tokens it took may follow, and ``[DONE]``."""
        return self._finish is not None

    @property
    def begun(self) -> bool:
        return self._spoke or bool(self._tools) or self.finished or self.over

    def feed(self, piece: bytes) -> list[Answer]:
        """Take bytes of the answer, cut anywhere."""
        return [event for data in self._sse.feed(piece) for event in self._take(data)]

    def end(self) -> list[Answer]:
        """The answer ended. Some servers leave ``[DONE]`` out; without a finish it was cut."""
        events = [event for data in self._sse.flush() for event in self._take(data)]
        if self.over:
            return events
        return [*events, *self.broken("the answer was cut")]

    def broken(self, error: str, *, permanent: bool = False) -> list[Answer]:
        """No more comes. After the finish only the count of tokens is missing: that is no failure."""
        if self.over:
            return []
        return self._finished() if self.finished else [self._fail(error, permanent=permanent)]

    def _take(self, data: str) -> list[Answer]:
        if self.over:
            return []
        self.count += 1
        if data.strip() == DONE:
            return self._finished()
        try:
            return self._chunk(loads(data))
        except (ValueError, TypeError, AttributeError, LookupError):
            return [self._fail("an event that cannot be read")]

    def _chunk(self, chunk: Any) -> list[Answer]:
        if error := error_of(chunk):
            code, message = error
            text = " ".join(part for part in (code, message) if part)
            return [self._fail(text or "the server failed", permanent=code in FATAL_CODES)]
        if usage := chunk.get("usage"):
            self._usage = _usage(usage)
        choices = chunk.get("choices")
        return self._choice(choices[0]) if choices else []

    def _choice(self, choice: Mapping[str, Any]) -> list[Answer]:
        delta = choice.get("delta") or {}
        for piece in delta.get("tool_calls") or ():
            self._tools.push(piece)
        self._finish = choice.get("finish_reason") or self._finish
        # A refusal is what the model says instead, and is meant for the same ears.
        text = delta.get("content") or delta.get("refusal")
        return self._said(self._thoughts.push(str(text))) if text else []

    def _said(self, text: str) -> list[Answer]:
        if not text:
            return []
        self._spoke = True
        return [LlmDelta(self._ask_id, text)]

    def _finished(self) -> list[Answer]:
        rest = self._said(self._thoughts.flush())
        if (why := _WITHHELD.get(self._finish or "")) and not (self._spoke or self._tools):
            return [self._fail(why)]
        try:
            calls = self._tools.take()
        except ValueError as error:
            return [self._fail(str(error))]
        self.over = True
        return [*rest, *calls, LlmDone(self._ask_id, self._usage)]

    def _fail(self, error: str, *, permanent: bool = False) -> LlmFailed:
        self.over = True
        return LlmFailed(self._ask_id, error, permanent)


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A tool may be given bare ({name, description, parameters}) or already wrapped."""
    return dict(tool) if "function" in tool else {"type": "function", "function": dict(tool)}


def _usage(usage: Any) -> dict[str, int]:
    """A count that cannot be read is no reason to lose the answer: then nothing was counted."""
    if not isinstance(usage, Mapping):
        return {}
    counted = {
        "input_tokens": _count(usage, "prompt_tokens"),
        "output_tokens": _count(usage, "completion_tokens"),
    }
    details = usage.get("prompt_tokens_details")
    cached = _count(details, "cached_tokens") if isinstance(details, Mapping) else 0
    return {**counted, "cached_tokens": cached} if cached else counted


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return int(value) if isinstance(value, int | float) else 0
