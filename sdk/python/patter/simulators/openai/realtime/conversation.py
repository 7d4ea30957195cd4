"""The items of one session, as the model reads them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from patter.simulators.openai.realtime.shapes import RealtimeError


@dataclass(slots=True)
class Item:
    """``body`` is as the wire shows it. ``text`` is what the model understands, ``audio_ms`` what it made."""

    body: dict[str, Any]
    text: str = ""
    audio_ms: int = 0

    @property
    def id(self) -> str:
        return str(self.body["id"])


@dataclass
class Conversation:
    """In order. ``root`` as a predecessor means the very beginning."""

    items: list[Item] = field(default_factory=list)
    heard_ms: int = 0
    """How much of the caller's voice is in it."""

    def add(self, item: Item, previous_item_id: str | None = None) -> str | None:
        """Gives the id of the item before it. Raises RealtimeError."""
        if any(other.id == item.id for other in self.items):
            raise RealtimeError("item_create_duplicate_id", f"Item '{item.id}' already exists.", "item.id")
        if item.body["type"] == "function_call_output":
            self._check_call(item.body["call_id"])
        at = len(self.items)
        if previous_item_id == "root":
            at = 0
        elif previous_item_id is not None:
            at = self.items.index(self.find(previous_item_id)) + 1
        self.items.insert(at, item)
        return self.items[at - 1].id if at else None

    def find(self, item_id: str) -> Item:
        for item in self.items:
            if item.id == item_id:
                return item
        raise RealtimeError("item_not_found", f"Item with item_id '{item_id}' not found.", "item_id")

    def truncate(self, item_id: str, content_index: Any, audio_end_ms: Any) -> None:
        """Raises RealtimeError, as where the audio is shorter than that."""
        item = self.find(item_id)
        if content_index != 0 or isinstance(content_index, bool):
            raise RealtimeError("invalid_value", "Invalid 'content_index'.", "content_index")
        if item.body.get("role") != "assistant":
            raise RealtimeError("invalid_value", "Only assistant messages can be truncated.", "item_id")
        if not isinstance(audio_end_ms, int) or isinstance(audio_end_ms, bool) or audio_end_ms < 0:
            raise RealtimeError("invalid_value", "Invalid 'audio_end_ms'.", "audio_end_ms")
        if audio_end_ms > item.audio_ms:
            raise RealtimeError(
                "invalid_value",
                f"Audio content of {item.audio_ms}ms is already shorter than {audio_end_ms}ms",
                "audio_end_ms",
            )
        item.audio_ms = audio_end_ms
        item.text = ""  # the transcript of what was not heard goes, and with it the rest

    def messages(self) -> list[dict[str, Any]]:
        """What was said, in the shape of a chat."""
        told: list[dict[str, Any]] = []
        for item in self.items:
            body = item.body
            if body["type"] == "message":
                told.append({"role": body["role"], "content": item.text})
            elif body["type"] == "function_call":
                call = {"name": body["name"], "arguments": body["arguments"]}
                tool_call = {"id": body["call_id"], "type": "function", "function": call}
                told.append({"role": "assistant", "content": None, "tool_calls": [tool_call]})
            else:
                told.append({"role": "tool", "tool_call_id": body["call_id"], "content": body["output"]})
        return told

    def _check_call(self, call_id: str) -> None:
        calls = [item.body["call_id"] for item in self.items if item.body["type"] == "function_call"]
        if call_id not in calls:
            raise RealtimeError(
                "invalid_tool_call_id",
                f"Tool call ID '{call_id}' not found in conversation.",
                "item.call_id",
            )


def text_of(body: dict[str, Any]) -> str:
    """What a client's message says."""
    return " ".join(part.get("text", "") for part in body.get("content", ()))
