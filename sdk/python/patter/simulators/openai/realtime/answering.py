"""One response of the simulated model: what it says, and the messages in which it does. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.simulators.openai.realtime.conversation import Item

TOKEN_CHARS = 4
OUTPUT_MS_PER_TOKEN = 50
Event = dict[str, Any]
NewId = Callable[[str], str]


@dataclass(slots=True)
class Response:
    """``body`` is as the wire shows it; ``in_conversation`` is False for one that stands beside it."""

    body: dict[str, Any]
    in_conversation: bool
    instructions: str
    asked_by: str = ""
    output: list[Item] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.body["id"])

    def finish(self, status: str, details: Mapping[str, Any] | None, heard_tokens: int) -> Event:
        """``response.done``, with what it used."""
        audio_ms = sum(item.audio_ms for item in self.output)
        text = sum(len(item.text) for item in self.output) // TOKEN_CHARS
        asked = len(self.instructions) // TOKEN_CHARS
        audio = audio_ms // OUTPUT_MS_PER_TOKEN
        self.body |= {
            "status": status,
            "status_details": details,
            "output": [item.body for item in self.output],
            "usage": {
                "total_tokens": asked + heard_tokens + text + audio,
                "input_tokens": asked + heard_tokens,
                "output_tokens": text + audio,
                "input_token_details": {
                    "text_tokens": asked,
                    "audio_tokens": heard_tokens,
                    "image_tokens": 0,
                    "cached_tokens": 0,
                    "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
                },
                "output_token_details": {"text_tokens": text, "audio_tokens": audio},
            },
        }
        return {"type": "response.done", "response": self.body}


def message_item(item_id: str, status: str = "in_progress") -> dict[str, Any]:
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [],
    }


def tool_events(response: Response, at: int, item: Item, new_id: NewId) -> Iterator[Event]:
    """A tool call, told twice, as the real server does."""
    ids = {"response_id": response.id, "output_index": at}
    body = item.body
    yield {"type": "response.output_item.added", **ids, "item": {**body, "status": "in_progress"}}
    arguments = {"item_id": item.id, "call_id": body["call_id"]}
    yield {
        "type": "response.function_call_arguments.delta",
        **ids,
        **arguments,
        "delta": body["arguments"],
    }
    yield {
        "type": "response.function_call_arguments.done",
        **ids,
        **arguments,
        "name": body["name"],
        "arguments": body["arguments"],
    }
    yield {"type": "response.output_item.done", **ids, "item": body}
