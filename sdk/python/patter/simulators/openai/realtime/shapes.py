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

SESSION = frozenset(
    "type instructions output_modalities audio tools tool_choice max_output_tokens model reasoning "
    "parallel_tool_calls truncation include prompt tracing".split()
)
RESPONSE = frozenset(
    "instructions tools tool_choice output_modalities audio max_output_tokens metadata conversation input "
    "prompt reasoning parallel_tool_calls".split()
)
INPUT = frozenset("format noise_reduction transcription turn_detection".split())
OUTPUT = frozenset("format voice speed".split())
TRANSCRIPTION = frozenset("model language languages prompt keywords delay".split())
SERVER_VAD = frozenset(
    "type threshold prefix_padding_ms silence_duration_ms create_response interrupt_response "
    "idle_timeout_ms".split()
)
SEMANTIC_VAD = frozenset("type eagerness create_response interrupt_response".split())
TOOL = frozenset("type name description parameters".split())
FORMATS = ("audio/pcm", "audio/pcmu", "audio/pcma")
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
    """A client's message whose outside is right. Raises RealtimeError."""
    try:
        event = json.loads(text)
    except ValueError:
        raise RealtimeError("invalid_json", "The message is not valid JSON.") from None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise RealtimeError("missing_required_parameter", "Missing required parameter: 'type'.", "type")
    try:
        required, known = EVENTS[event["type"]]
    except KeyError:
        supported = ", ".join(f"'{name}'" for name in EVENTS)
        raise RealtimeError(
            "invalid_value", f"Invalid value: '{event['type']}'. Supported values are: {supported}.", "type"
        ) from None
    _only(event, known, "")
    for name in sorted(required - event.keys()):
        raise RealtimeError("missing_required_parameter", f"Missing required parameter: '{name}'.", name)
    return event


def check_session(session: Any) -> dict[str, Any]:
    """The object of ``session.update``. Raises RealtimeError."""
    if not isinstance(session, dict):
        raise _wrong("session", "an object")
    if session.get("type") != "realtime":
        raise RealtimeError(
            "missing_required_parameter", "Missing required parameter: 'session.type'.", "session.type"
        )
    _only(session, SESSION, "session.")
    audio = session.get("audio", {})
    _only(audio, {"input", "output"}, "session.audio.")
    given, made = audio.get("input", {}), audio.get("output", {})
    _only(given, INPUT, "session.audio.input.")
    _only(made, OUTPUT, "session.audio.output.")
    for side, part in (("input", given), ("output", made)):
        if "format" in part:
            _check_format(part["format"], f"session.audio.{side}.format")
    _check_detection(given.get("turn_detection"))
    _check_transcription(given.get("transcription"))
    check_tools(session.get("tools", []))
    if session.get("output_modalities", ["audio"]) not in (["audio"], ["text"]):
        raise _wrong("session.output_modalities", "['audio'] or ['text']")
    speed = made.get("speed", 1.0)
    if not isinstance(speed, int | float) or not 0.25 <= speed <= 1.5:
        raise _wrong("session.audio.output.speed", "a number from 0.25 to 1.5")
    return session


def check_response(response: Any) -> dict[str, Any]:
    """The object of ``response.create``. Raises RealtimeError."""
    if not isinstance(response, dict):
        raise _wrong("response", "an object")
    _only(response, RESPONSE, "response.")
    if response.get("conversation", "auto") not in ("auto", "none"):
        raise _wrong("response.conversation", "'auto' or 'none'")
    metadata = response.get("metadata") or {}
    if len(metadata) > 16 or any(not isinstance(value, str) for value in metadata.values()):
        raise _wrong("response.metadata", "up to 16 texts by name")
    check_tools(response.get("tools", []))
    return response


def check_item(item: Any) -> dict[str, Any]:
    """An item that a client makes. Raises RealtimeError."""
    if not isinstance(item, dict):
        raise _wrong("item", "an object")
    kind = item.get("type")
    if kind == "message":
        _check_message(item)
    elif kind == "function_call":
        _need(item, ("call_id", "name", "arguments"), "item.")
    elif kind == "function_call_output":
        _need(item, ("call_id", "output"), "item.")
        if not isinstance(item["output"], str):
            raise _wrong("item.output", "a string")
    else:
        raise RealtimeError("invalid_value", f"Invalid value: '{kind}'.", "item.type")
    return item


def read_audio(audio: Any) -> bytes:
    """The payload of an append. Raises RealtimeError."""
    if not isinstance(audio, str) or len(audio) > MOST_APPENDED:
        raise _wrong("audio", "base64 of at most 15 MiB")
    try:
        return a2b_base64(audio, strict_mode=True)
    except (Base64Error, ValueError):
        raise RealtimeError("invalid_value", "Invalid 'audio': expected base64.", "audio") from None


def check_tools(tools: Any) -> None:
    for at, tool in enumerate(tools):
        if not isinstance(tool, dict) or tool.get("type") not in ("function", "mcp"):
            raise RealtimeError("invalid_value", "Invalid tool.", f"session.tools[{at}].type")
        if tool["type"] == "function":
            _only(tool, TOOL, f"session.tools[{at}].")
            _need(tool, ("name",), f"session.tools[{at}].")


def _check_message(item: Mapping[str, Any]) -> None:
    role, content = item.get("role"), item.get("content")
    if role not in PARTS:
        raise RealtimeError("invalid_value", f"Invalid value: '{role}'.", "item.role")
    if not isinstance(content, list) or not content:
        raise RealtimeError(
            "missing_required_parameter", "Missing required parameter: 'item.content'.", "item.content"
        )
    for at, part in enumerate(content):
        if part.get("type") not in PARTS[role]:
            raise RealtimeError(
                "invalid_value",
                f"Invalid value: '{part.get('type')}'. Supported values are: {sorted(PARTS[role])}.",
                f"item.content[{at}].type",
            )
        if part["type"] != "input_audio":
            _need(part, ("text",), f"item.content[{at}].")


def _check_format(given: Any, param: str) -> None:
    if not isinstance(given, dict) or given.get("type") not in FORMATS:
        raise _wrong(param, f"an object whose type is one of {', '.join(FORMATS)}")
    if given["type"] == "audio/pcm" and given.get("rate", 24_000) != 24_000:
        raise _wrong(f"{param}.rate", "24000")


def _check_detection(detection: Any) -> None:
    if detection is None:
        return
    kinds = {"server_vad": SERVER_VAD, "semantic_vad": SEMANTIC_VAD}
    if not isinstance(detection, dict) or detection.get("type") not in kinds:
        raise _wrong("session.audio.input.turn_detection.type", "server_vad or semantic_vad")
    _only(detection, kinds[detection["type"]], "session.audio.input.turn_detection.")


def _check_transcription(transcription: Any) -> None:
    if transcription is None:
        return
    _only(transcription, TRANSCRIPTION, "session.audio.input.transcription.")
    model = transcription.get("model", "")
    takes = model.startswith(("gpt-transcribe", "gpt-live-transcribe"))
    for name in ("keywords", "languages"):
        if name in transcription and not takes:
            raise RealtimeError(
                "invalid_value",
                f"'{name}' is not supported with {model}.",
                f"session.audio.input.transcription.{name}",
            )


def _only(given: Mapping[str, Any], known: Collection[str], path: str) -> None:
    if not isinstance(given, Mapping):
        raise _wrong(path.rstrip("."), "an object")
    for name in sorted(given.keys() - set(known)):
        raise RealtimeError("unknown_parameter", f"Unknown parameter: '{path}{name}'.", f"{path}{name}")


def _need(given: Mapping[str, Any], names: Collection[str], path: str) -> None:
    for name in names:
        if given.get(name) is None:
            raise RealtimeError(
                "missing_required_parameter", f"Missing required parameter: '{path}{name}'.", f"{path}{name}"
            )


def _wrong(param: str, wanted: str) -> RealtimeError:
    return RealtimeError("invalid_value", f"Invalid value for '{param}': expected {wanted}.", param)
