"""What is said over an OpenAI Realtime socket, in the shapes of the GA interface. Pure.

Source: the server and client events of ``openai.types.realtime`` 3.54. Audio is base64 of the session's
format (``formats.py``): of µ-law at 8 kHz, both ways, exactly as the carriers send and take it.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.engines.json_text import dumps, loads
from patter.engines.realtime.usage import response_usage, transcription_usage

# -- what we say ------------------------------------------------------------------------------

_APPEND = b'{"type":"input_audio_buffer.append","audio":"'


def append(payload: bytes) -> bytes:
    """The caller's voice. As bytes, which tells it from everything else: only this may be dropped."""
    return _APPEND + b2a_base64(payload, newline=False) + b'"}'


def session_update(session: Mapping[str, Any], event_id: str) -> str:
    return dumps({"type": "session.update", "event_id": event_id, "session": session})


def text_item(role: str, text: str) -> str:
    """Something that was said, or that the model is to know. Roles: user, assistant, system."""
    kind = "output_text" if role == "assistant" else "input_text"
    return _item({"type": "message", "role": role, "content": [{"type": kind, "text": text}]})


def tool_call_item(call_id: str, name: str, arguments: str) -> str:
    return _item({"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments})


def tool_result_item(call_id: str, output: str) -> str:
    return _item({"type": "function_call_output", "call_id": call_id, "output": output})


def _item(item: Mapping[str, Any]) -> str:
    return dumps({"type": "conversation.item.create", "item": item})


def truncate(item_id: str, audio_end_ms: int) -> str:
    return dumps(
        {
            "type": "conversation.item.truncate",
            "item_id": item_id,
            "content_index": 0,
            "audio_end_ms": audio_end_ms,
        }
    )


def delete_item(item_id: str) -> str:
    return dumps({"type": "conversation.item.delete", "item_id": item_id})


def reply_request(tag: str) -> str:
    """Ask for the next reply of the conversation. ``tag`` comes back with it, and with an error about it."""
    return dumps({"type": "response.create", "event_id": tag, "response": {"metadata": {"tag": tag}}})


def reading_request(tag: str, instructions: str) -> str:
    """Ask for a text to be read aloud, beside the conversation."""
    response = {
        "conversation": "none",
        "input": [],
        "output_modalities": ["audio"],
        "instructions": instructions,
        "tools": [],
        "metadata": {"tag": tag},
    }
    return dumps({"type": "response.create", "event_id": tag, "response": response})


def cancel(response_id: str) -> str:
    return dumps({"type": "response.cancel", "response_id": response_id})


# -- what is said to us -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionUpdated:
    """Our settings are in force."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    item_id: str
    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    item_id: str
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class Committed:
    """The caller's words are an item of the conversation; what they were follows."""

    item_id: str
    previous_item_id: str


@dataclass(frozen=True, slots=True)
class UserDelta:
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class UserSaid:
    """``text`` is None where it could not be transcribed."""

    item_id: str
    text: str | None
    usage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """``tag`` is ours, or empty when the server began a reply by itself."""

    response_id: str
    tag: str


@dataclass(frozen=True, slots=True)
class AudioDelta:
    response_id: str
    item_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class AudioDone:
    response_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of what the model says, as text."""

    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class TextDone:
    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """``arguments`` is the JSON text exactly as the model wrote it."""

    response_id: str
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """``status``: completed, cancelled, incomplete or failed. ``error`` is set where it failed."""

    response_id: str
    tag: str
    status: str
    error: Trouble | None = None
    usage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error. ``event_id`` is our message that it answers, or empty."""

    code: str
    message: str
    event_id: str = ""


Message = (
    SessionUpdated
    | SpeechStarted
    | SpeechStopped
    | Committed
    | UserDelta
    | UserSaid
    | ResponseCreated
    | AudioDelta
    | AudioDone
    | TextDelta
    | TextDone
    | ToolCalled
    | ResponseDone
    | Trouble
)


def parse(text: str | bytes) -> Message | None:
    """One message of the server; None for what a call does not need. Raises ValueError for nonsense."""
    try:
        data = loads(text)
        read = _READERS.get(data["type"])
        return None if read is None else read(data)
    except (KeyError, TypeError, AttributeError, RecursionError, Base64Error) as error:
        raise ValueError(f"a message that is none: {type(error).__name__}") from None


def _audio(data: Mapping[str, Any]) -> Message:
    return AudioDelta(data["response_id"], data["item_id"], a2b_base64(data["delta"]))


def _user_failed(data: Mapping[str, Any]) -> Message:
    return UserSaid(data["item_id"], None)


def _user_said(data: Mapping[str, Any]) -> Message:
    return UserSaid(data["item_id"], data["transcript"].strip(), transcription_usage(data.get("usage")))


def _tool(data: Mapping[str, Any]) -> Message | None:
    item = data["item"]
    if item.get("type") != "function_call":
        return None
    return ToolCalled(data["response_id"], item["call_id"], item["name"], item.get("arguments") or "")


def _created(data: Mapping[str, Any]) -> Message:
    return ResponseCreated(data["response"]["id"], _tag(data["response"]))


def _done(data: Mapping[str, Any]) -> Message:
    response = data["response"]
    status = response.get("status") or "completed"
    details = response.get("status_details") or {}
    error = _trouble_of(details.get("error") or {}) if status == "failed" else None
    return ResponseDone(response["id"], _tag(response), status, error, response_usage(response.get("usage")))


def _tag(response: Mapping[str, Any]) -> str:
    return str((response.get("metadata") or {}).get("tag", ""))


def _trouble_of(error: Mapping[str, Any]) -> Trouble:
    code = error.get("code") or error.get("type") or "unknown"
    return Trouble(str(code), str(error.get("message") or ""), str(error.get("event_id") or ""))


_READERS: dict[str, Callable[[Mapping[str, Any]], Message | None]] = {
    "response.output_audio.delta": _audio,
    "response.output_audio_transcript.delta": lambda d: TextDelta(d["response_id"], d["item_id"], d["delta"]),
    "response.output_audio_transcript.done": lambda d: TextDone(
        d["response_id"], d["item_id"], d["transcript"]
    ),
    "response.output_audio.done": lambda d: AudioDone(d["response_id"], d["item_id"]),
    "response.output_item.done": _tool,
    "response.created": _created,
    "response.done": _done,
    "input_audio_buffer.speech_started": lambda d: SpeechStarted(d["item_id"], d["audio_start_ms"]),
    "input_audio_buffer.speech_stopped": lambda d: SpeechStopped(d["item_id"], d["audio_end_ms"]),
    "input_audio_buffer.committed": lambda d: Committed(d["item_id"], d.get("previous_item_id") or ""),
    "conversation.item.input_audio_transcription.delta": lambda d: UserDelta(d["item_id"], d["delta"]),
    "conversation.item.input_audio_transcription.completed": _user_said,
    "conversation.item.input_audio_transcription.failed": _user_failed,
    "session.updated": lambda d: SessionUpdated(),
    "error": lambda d: _trouble_of(d["error"]),
}
