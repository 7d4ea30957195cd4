"""An answer of the simulated model as the chunks of a stream, or as one completion. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from patter.simulators.openai.script import Answer, Question, ToolUse

ARGUMENT_PIECES = 3


def chunks_of(
    answer: Answer, question: Question, completion_id: str, created: int
) -> Iterator[dict[str, Any]]:
    """Role first, then text word by word, then tool calls in pieces, the finish, and usage when asked for."""
    with_usage = bool((question.body.get("stream_options") or {}).get("include_usage"))
    head: dict[str, Any] = {
        "id": completion_id,
        "object": "chat.completion.chunk",
        "created": created,
        "model": question.model,
        "service_tier": "default",
        "system_fingerprint": None,
    }
    usage: dict[str, Any] = {"usage": None} if with_usage else {}

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**head, "choices": [choice], **usage}

    yield chunk({"role": "assistant", "content": None if answer.tools else "", "refusal": None})
    for piece in re.findall(r"\s*\S+", answer.text):
        yield chunk({"content": piece})
    for index, use in enumerate(answer.tools):
        for delta in _call_pieces(index, use, completion_id):
            yield chunk({"tool_calls": [delta]})
    yield chunk({}, answer.finish_reason)
    if with_usage:
        yield {**head, "choices": [], "usage": usage_of(answer, question)}


def completion_of(answer: Answer, question: Question, completion_id: str, created: int) -> dict[str, Any]:
    """The answer to a request without ``stream``."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
    if answer.tools:
        message["tool_calls"] = [
            {
                "id": use.id or _call_id(completion_id, index),
                "type": "function",
                "function": {"name": use.name, "arguments": use.arguments},
            }
            for index, use in enumerate(answer.tools)
        ]
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": created,
        "model": question.model,
        "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
        ],
        "usage": usage_of(answer, question),
    }


def usage_of(answer: Answer, question: Question) -> dict[str, Any]:
    """Words are counted for tokens."""
    asked = sum(len(str(message.get("content") or "").split()) for message in question.messages)
    said = len(answer.text.split()) + sum(len(use.arguments.split()) + 1 for use in answer.tools)
    return {
        "prompt_tokens": asked,
        "completion_tokens": said,
        "total_tokens": asked + said,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _call_pieces(index: int, use: ToolUse, completion_id: str) -> Iterator[dict[str, Any]]:
    """Id and name come in the first piece only."""
    yield {
        "index": index,
        "id": use.id or _call_id(completion_id, index),
        "type": "function",
        "function": {"name": use.name, "arguments": ""},
    }
    size = max(1, -(-len(use.arguments) // ARGUMENT_PIECES))
    for at in range(0, len(use.arguments), size):
        yield {"index": index, "function": {"arguments": use.arguments[at : at + size]}}


def _call_id(completion_id: str, index: int) -> str:
    return f"call_{completion_id.removeprefix('chatcmpl-')}{index}"
