"""The server's side of OpenAI's chat completions, as ElevenLabs uses it to get a handler's replies. Pure.

Only what a phone call needs is read: the caller's last message, and how many there were. The answer is a
stream of ``chat.completion.chunk``, or one ``chat.completion`` where no stream was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_BODY_BYTES = 1_048_576
CALL_HEADER = "X-Patter-Call"
"""Names the call, and proves it: its value is a dynamic variable that only this call's conversation has."""
SKIP_TURN = "skip_turn"
"""A tool of the vendor's own: its agent stays silent until the caller speaks again."""
DONE = "data: [DONE]\n\n"


class BadCompletionError(ValueError):
    """A request that is none. The text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A request. ``can_skip``: silence may be said with ``skip_turn``."""

    text: str
    messages: int
    model: str
    stream: bool
    can_skip: bool


def read_request(body: bytes) -> Completion:
    """Raises BadCompletionError."""
    if len(body) > MOST_BODY_BYTES:
        raise BadCompletionError("the request is larger than 1 MB")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadCompletionError("the body is not JSON") from None
    if not isinstance(data, dict) or not isinstance(messages := data.get("messages"), list):
        raise BadCompletionError("messages is a list")
    said = [_text_of(message) for message in messages if _is_of(message, "user")]
    return Completion(
        text=said[-1] if said else "",
        messages=len(said),
        model=str(data.get("model") or "patter"),
        stream=bool(data.get("stream")),
        can_skip=SKIP_TURN in _tools(data.get("tools")),
    )


def bearer_of(authorization: str) -> str:
    """The key of an ``Authorization`` header; empty where it is no bearer's."""
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


class CompletionStream:
    """Writes the events of one answer."""

    def __init__(self, completion_id: str, request: Completion, created_at: int) -> None:
        self._request = request
        self._head = {
            "id": completion_id,
            "object": "chat.completion.chunk",
            "created": created_at,
            "model": request.model,
        }
        self._said = False

    def piece(self, text: str) -> str:
        """A piece of the answer."""
        role = {} if self._said else {"role": "assistant"}
        self._said = True
        return self._chunk({**role, "content": text}, None)

    def end(self) -> str:
        """The answer is complete; without a piece before, it is silence."""
        if self._said or not self._request.can_skip:
            return self._chunk({}, "stop") + DONE
        return self._chunk({"role": "assistant", "tool_calls": [_skip_turn()]}, "tool_calls") + DONE

    def _chunk(self, delta: Mapping[str, Any], finish_reason: str | None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return f"data: {json.dumps({**self._head, 'choices': [choice]}, ensure_ascii=False)}\n\n"


def whole_answer(completion_id: str, request: Completion, created_at: int, text: str) -> dict[str, Any]:
    """The answer as one body, for a request that wants no stream."""
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    finish_reason = "stop"
    if not text and request.can_skip:
        message["tool_calls"] = [_skip_turn(indexed=False)]
        finish_reason = "tool_calls"
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": created_at,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
    }


def refusal(code: str, message: str) -> dict[str, Any]:
    """An error in the shape of the protocol."""
    return {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": None}}


def _is_of(message: Any, role: str) -> bool:
    return isinstance(message, dict) and message.get("role") == role


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content.strip()
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    return " ".join(text.strip() for text in texts if isinstance(text, str)).strip()


def _tools(tools: Any) -> Sequence[str]:
    given = tools if isinstance(tools, list) else []
    functions = [tool.get("function") for tool in given if isinstance(tool, dict)]
    return [str(function.get("name")) for function in functions if isinstance(function, dict)]


def _skip_turn(*, indexed: bool = True) -> dict[str, Any]:
    function = {"name": SKIP_TURN, "arguments": "{}"}
    index = {"index": 0} if indexed else {}
    return {**index, "id": "call_skip", "type": "function", "function": function}
