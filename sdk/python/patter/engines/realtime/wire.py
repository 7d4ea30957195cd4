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
    """``audio_start_ms`` is None where the server does not say when, as in ``SpeechStopped``."""

    item_id: str
    audio_start_ms: int | None


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    item_id: str
    audio_end_ms: int | None


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
    """``status``: completed, cancelled, incomplete or failed. ``error`` is set where it failed.

    ``calls`` are the tools that it called, which were told one by one before.
    """

    response_id: str
    tag: str
    status: str
    error: Trouble | None = None
    usage: Mapping[str, int] = field(default_factory=dict)
    calls: tuple[ToolCalled, ...] = ()


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


def _name(data: Mapping[str, Any], key: str) -> str:
    """What tells one thing from another: without it a message says nothing. Raises ValueError."""
    if isinstance(value := data.get(key), str) and value:
        return value
    raise ValueError(f"a message without its {key}")


def _text(data: Mapping[str, Any], key: str) -> str:
    return value if isinstance(value := data.get(key), str) else ""


def _ms(data: Mapping[str, Any], key: str) -> int | None:
    return int(value) if isinstance(value := data.get(key), int | float) else None


def _part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return value if isinstance(value := data.get(key), Mapping) else {}


def _audio(data: Mapping[str, Any]) -> Message:
    return AudioDelta(_name(data, "response_id"), _text(data, "item_id"), a2b_base64(data["delta"]))


def _user_failed(data: Mapping[str, Any]) -> Message:
    return UserSaid(_name(data, "item_id"), None)


def _user_said(data: Mapping[str, Any]) -> Message:
    said = _text(data, "transcript").strip()
    return UserSaid(_name(data, "item_id"), said, transcription_usage(data.get("usage")))


def _item_done(data: Mapping[str, Any]) -> Message | None:
    item = _part(data, "item")
    return _tool(_name(data, "response_id"), item) if item.get("type") == "function_call" else None


def _tool(response_id: str, item: Mapping[str, Any]) -> ToolCalled:
    return ToolCalled(response_id, _name(item, "call_id"), _text(item, "name"), _text(item, "arguments"))


def _created(data: Mapping[str, Any]) -> Message:
    response = _part(data, "response")
    return ResponseCreated(_name(response, "id"), _tag(response))


def _done(data: Mapping[str, Any]) -> Message:
    response = _part(data, "response")
    response_id = _name(response, "id")
    status = _text(response, "status") or "completed"
    error = _trouble_of(_part(response, "status_details").get("error")) if status == "failed" else None
    usage = response_usage(response.get("usage"))
    return ResponseDone(response_id, _tag(response), status, error, usage, _calls(response_id, response))


def _calls(response_id: str, response: Mapping[str, Any]) -> tuple[ToolCalled, ...]:
    output = response.get("output")
    items = [item for item in output if isinstance(item, Mapping)] if isinstance(output, list) else []
    called = [item for item in items if item.get("type") == "function_call" and _text(item, "call_id")]
    return tuple(_tool(response_id, item) for item in called)


def _tag(response: Mapping[str, Any]) -> str:
    return _text(_part(response, "metadata"), "tag")


def _trouble_of(error: Any) -> Trouble:
    if not isinstance(error, Mapping):
        return Trouble("unknown", error if isinstance(error, str) else "")
    code = _text(error, "code") or _text(error, "type") or "unknown"
    return Trouble(code, _text(error, "message"), _text(error, "event_id"))


_READERS: dict[str, Callable[[Mapping[str, Any]], Message | None]] = {
    "response.output_audio.delta": _audio,
    "response.output_audio_transcript.delta": lambda d: TextDelta(
        _name(d, "response_id"), _text(d, "item_id"), _text(d, "delta")
    ),
    "response.output_audio_transcript.done": lambda d: TextDone(
        _name(d, "response_id"), _text(d, "item_id"), _text(d, "transcript")
    ),
    "response.output_audio.done": lambda d: AudioDone(_name(d, "response_id"), _text(d, "item_id")),
    "response.output_item.done": _item_done,
    "response.created": _created,
    "response.done": _done,
    "input_audio_buffer.speech_started": lambda d: SpeechStarted(
        _text(d, "item_id"), _ms(d, "audio_start_ms")
    ),
    "input_audio_buffer.speech_stopped": lambda d: SpeechStopped(_text(d, "item_id"), _ms(d, "audio_end_ms")),
    "input_audio_buffer.committed": lambda d: Committed(_name(d, "item_id"), _text(d, "previous_item_id")),
    "conversation.item.input_audio_transcription.delta": lambda d: UserDelta(
        _name(d, "item_id"), _text(d, "delta")
    ),
    "conversation.item.input_audio_transcription.completed": _user_said,
    "conversation.item.input_audio_transcription.failed": _user_failed,
    "session.updated": lambda d: SessionUpdated(),
    "error": lambda d: _trouble_of(d.get("error")),
}
