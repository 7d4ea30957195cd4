"""What a Realtime client may say. What the real server refuses is refused here, with its words. Pure."""

from __future__ import annotations

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Collection, Mapping
from typing import Any

EVENTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(required.split()), frozenset(f"{required} {more} type event_id".split()))
    for name, required, more in (
        ("session.update", "session", ""),
        ("input_audio_buffer.append", "audio", ""),
        ("input_audio_buffer.commit", "", ""),
        ("input_audio_buffer.clear", "", ""),
        ("conversation.item.create", "item", "previous_item_id"),
        ("conversation.item.truncate", "item_id content_index audio_end_ms", ""),
        ("conversation.item.delete", "item_id", ""),
        ("conversation.item.retrieve", "item_id", ""),
        ("response.create", "", "response"),
        ("response.cancel", "", "response_id"),
    )
}
"""Required fields, and all that there are."""

RESPONSE = frozenset(
    "instructions tools tool_choice output_modalities audio max_output_tokens metadata conversation input "
    "prompt reasoning parallel_tool_calls".split()
)
TOOL = frozenset("type name description parameters".split())
PARTS = {"user": {"input_text", "input_audio"}, "system": {"input_text"}, "assistant": {"output_text"}}
MOST_APPENDED = 15 * 1024 * 1024


class RealtimeError(Exception):
    """Becomes an ``error`` message; the session stays open."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param
        self.event_id: str | None = None

    def as_json(self, kind: str = "invalid_request_error") -> dict[str, Any]:
        return {
            "type": kind,
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "event_id": self.event_id,
        }


def read_event(text: str) -> dict[str, Any]:
    """A client's message: an object with a type. Raises RealtimeError."""
    try:
        event = json.loads(text)
    except ValueError:
        raise RealtimeError("invalid_json", "The message is not valid JSON.") from None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise RealtimeError("missing_required_parameter", "Missing required parameter: 'type'.", "type")
    return event


def check_event(event: Mapping[str, Any]) -> None:
    """The outside of a message: a known type, and its fields. Raises RealtimeError."""
    try:
        required, known = EVENTS[event["type"]]
    except KeyError:
        supported = ", ".join(f"'{name}'" for name in EVENTS)
        raise RealtimeError(
            "invalid_value", f"Invalid value: '{event['type']}'. Supported values are: {supported}.", "type"
        ) from None
    only(event, known, "")
    for name in sorted(required - event.keys()):
        raise RealtimeError("missing_required_parameter", f"Missing required parameter: '{name}'.", name)


def check_response(response: Any) -> dict[str, Any]:
    """The object of ``response.create``. Raises RealtimeError."""
    if not isinstance(response, dict):
        raise wrong("response", "an object")
    only(response, RESPONSE, "response.")
    if response.get("conversation", "auto") not in ("auto", "none"):
        raise wrong("response.conversation", "'auto' or 'none'")
    metadata = response.get("metadata") or {}
    if len(metadata) > 16 or any(not isinstance(value, str) for value in metadata.values()):
        raise wrong("response.metadata", "up to 16 texts by name")
    if response.get("output_modalities", ["audio"]) not in (["audio"], ["text"]):
        raise wrong("response.output_modalities", "['audio'] or ['text']")
    if not isinstance(response.get("instructions", ""), str):
        raise wrong("response.instructions", "a string")
    check_max_tokens(response, "response.")
    check_tools(response.get("tools", []), "response.")
    return response


def check_item(item: Any) -> dict[str, Any]:
    """An item that a client makes. Raises RealtimeError."""
    if not isinstance(item, dict):
        raise wrong("item", "an object")
    kind = item.get("type")
    if kind == "message":
        _check_message(item)
    elif kind == "function_call":
        need(item, ("call_id", "name", "arguments"), "item.")
    elif kind == "function_call_output":
        need(item, ("call_id", "output"), "item.")
        if not isinstance(item["output"], str):
            raise wrong("item.output", "a string")
    else:
        raise RealtimeError("invalid_value", f"Invalid value: '{kind}'.", "item.type")
    return item


def read_audio(audio: Any) -> bytes:
    """The payload of an append. Raises RealtimeError."""
    if not isinstance(audio, str) or len(audio) > MOST_APPENDED:
        raise wrong("audio", "base64 of at most 15 MiB")
    try:
        return a2b_base64(audio, strict_mode=True)
    except (Base64Error, ValueError):
        raise RealtimeError("invalid_value", "Invalid 'audio': expected base64.", "audio") from None


def check_tools(tools: Any, path: str) -> None:
    """Functions are flat here, without the nesting of chat models. Raises RealtimeError."""
    if not isinstance(tools, list):
        raise wrong(f"{path}tools", "a list")
    for at, tool in enumerate(tools):
        if not isinstance(tool, dict) or tool.get("type") not in ("function", "mcp"):
            raise RealtimeError("invalid_value", "Invalid tool.", f"{path}tools[{at}].type")
        if tool["type"] == "function":
            only(tool, TOOL, f"{path}tools[{at}].")
            need(tool, ("name",), f"{path}tools[{at}].")


def check_max_tokens(given: Mapping[str, Any], path: str) -> None:
    """``max_output_tokens``, where there is one. Raises RealtimeError."""
    most = given.get("max_output_tokens", "inf")
    if most != "inf" and not (is_number(most, whole=True) and most >= 1):
        raise wrong(f"{path}max_output_tokens", "a whole number from 1, or 'inf'")


def is_number(value: Any, *, whole: bool = False) -> bool:
    return isinstance(value, int if whole else int | float) and not isinstance(value, bool)


def _check_message(item: Mapping[str, Any]) -> None:
    role, content = item.get("role"), item.get("content")
    if role not in PARTS:
        raise RealtimeError("invalid_value", f"Invalid value: '{role}'.", "item.role")
    if not isinstance(content, list) or not content:
        raise RealtimeError(
            "missing_required_parameter", "Missing required parameter: 'item.content'.", "item.content"
        )
    for at, part in enumerate(content):
        if role == "assistant" and part.get("type") == "output_audio":
            need(part, ("text",), f"item.content[{at}].")  # only what the model itself says has a voice
        if part.get("type") not in PARTS[role]:
            raise RealtimeError(
                "invalid_value",
                f"Invalid value: '{part.get('type')}'. Supported values are: {sorted(PARTS[role])}.",
                f"item.content[{at}].type",
            )
        if part["type"] != "input_audio":
            need(part, ("text",), f"item.content[{at}].")


def only(given: Mapping[str, Any], known: Collection[str], path: str) -> None:
    if not isinstance(given, Mapping):
        raise wrong(path.rstrip("."), "an object")
    for name in sorted(given.keys() - set(known)):
        raise RealtimeError("unknown_parameter", f"Unknown parameter: '{path}{name}'.", f"{path}{name}")


def need(given: Mapping[str, Any], names: Collection[str], path: str) -> None:
    for name in names:
        if given.get(name) is None:
            raise RealtimeError(
                "missing_required_parameter", f"Missing required parameter: '{path}{name}'.", f"{path}{name}"
            )


def wrong(param: str, wanted: str) -> RealtimeError:
    return RealtimeError("invalid_value", f"Invalid value for '{param}': expected {wanted}.", param)
