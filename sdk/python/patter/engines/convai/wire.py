"""ElevenLabs' conversation socket: what is sent, and what its messages mean. Pure.

Source: the vendor's AsyncAPI description of the Agents socket and ``elevenlabs`` 2.78. All messages are
JSON with a ``type``, except for the caller's audio, which has none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from patter.engines.json_text import dumps

ELEVENLABS_URL = "https://api.elevenlabs.io"
SIGNED_URL_PATH = "/v1/convai/conversation/get-signed-url"
VENDOR_DOMAIN = "elevenlabs.io"

# -- what is sent -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Initiation:
    """The first message. ``overrides`` holds only what the agent allows to be overridden."""

    overrides: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallerChunk:
    """A piece of the caller's voice, in the format that the metadata named."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    event_id: int


@dataclass(frozen=True, slots=True)
class UserMessage:
    """Text as if the caller had said it: the agent stops and answers it."""

    text: str


@dataclass(frozen=True, slots=True)
class ContextUpdate:
    """Something that the agent should know. It interrupts nothing and gets no answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    tool_call_id: str
    result: str
    is_error: bool = False


Outgoing = Initiation | CallerChunk | Pong | UserMessage | ContextUpdate | ToolResult


def encode(message: Outgoing) -> str:
    """The text frame of a message."""
    match message:
        case CallerChunk(payload):
            return f'{{"user_audio_chunk":"{base64.b64encode(payload).decode()}"}}'
        case Pong(event_id):
            data: dict[str, Any] = {"type": "pong", "event_id": event_id}
        case UserMessage(text):
            data = {"type": "user_message", "text": text}
        case ContextUpdate(text):
            data = {"type": "contextual_update", "text": text}
        case ToolResult(tool_call_id, result, is_error):
            data = {
                "type": "client_tool_result",
                "tool_call_id": tool_call_id,
                "result": result,
                "is_error": is_error,
            }
        case Initiation(overrides, variables):
            data = {
                "type": "conversation_initiation_client_data",
                "conversation_config_override": dict(overrides),
                "dynamic_variables": dict(variables),
                "source_info": {"source": "patter"},
            }
    return dumps(data)


# -- what comes -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metadata:
    """The conversation began. The formats are the agent's, and hold for the whole of it."""

    conversation_id: str
    caller_format: str
    agent_format: str


@dataclass(frozen=True, slots=True)
class Ping:
    event_id: int


@dataclass(frozen=True, slots=True)
class AgentAudio:
    """A piece of the agent's voice.

    ``alignment``: ``chars`` with ``charStartTimesMs`` and ``charDurationsMs``, within this piece.
    """

    event_id: int
    payload: bytes
    alignment: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Interruption:
    """The caller spoke over the agent: audio up to this id is not to be played any more."""

    event_id: int


@dataclass(frozen=True, slots=True)
class CallerText:
    """What the caller said. Only the ``final`` text stays."""

    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class AgentText:
    """The whole text of one answer; it comes with its first audio."""

    text: str
    event_id: int = 0


@dataclass(frozen=True, slots=True)
class AgentCorrection:
    """After an interruption: how much of an answer, which was ``original``, the vendor believes was heard."""

    corrected: str
    original: str = ""


@dataclass(frozen=True, slots=True)
class AgentDone:
    """No more text comes for this answer; its audio may still be on its way."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The agent wants one of the client's tools. ``arguments`` is None where they are no object."""

    tool_call_id: str
    name: str
    arguments: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the socket is about to be closed. ``kind`` is the vendor's ``error_type``, or empty."""

    code: int | None
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that says nothing to us. It never ends a call."""

    reason: str


Incoming = (
    Metadata
    | Ping
    | AgentAudio
    | Interruption
    | CallerText
    | AgentText
    | AgentCorrection
    | AgentDone
    | ToolCall
    | Trouble
    | Unreadable
)


def decode(message: str | bytes) -> Incoming | None:
    """What a message says; None for one that does not concern a phone call."""
    try:
        data = json.loads(message)
        kind = data["type"]
        read = READERS.get(kind)
        return None if read is None else read(data)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
        return Unreadable(type(error).__name__)


def _metadata(data: Mapping[str, Any]) -> Metadata:
    event = data["conversation_initiation_metadata_event"]
    return Metadata(
        str(event["conversation_id"]),
        str(event.get("user_input_audio_format") or "pcm_16000"),
        str(event["agent_output_audio_format"]),
    )


def _audio(data: Mapping[str, Any]) -> AgentAudio:
    event = data["audio_event"]
    payload = base64.b64decode(event["audio_base_64"], validate=True)
    return AgentAudio(int(event["event_id"]), payload, _alignment(event.get("alignment")))


def _alignment(given: Any) -> dict[str, Any] | None:
    """In the shape of the speech sockets' alignments, so that one reader follows both."""
    if not isinstance(given, dict):
        return None
    chars, starts = given.get("chars"), given.get("char_start_times_ms")
    lengths = given.get("char_durations_ms")
    if not isinstance(chars, list) or not isinstance(starts, list) or not isinstance(lengths, list):
        return None
    if not all(isinstance(time, int | float) for time in [*starts, *lengths]):
        return None
    return {"chars": chars, "charStartTimesMs": starts, "charDurationsMs": lengths}


def _said(event: Mapping[str, Any], key: str) -> str:
    """Somebody's words. Raises TypeError for what is no text: "None" was never said."""
    words = event[key]
    if not isinstance(words, str):
        raise TypeError(key)
    return words.strip()


def _tool_call(data: Mapping[str, Any]) -> ToolCall:
    call = data["client_tool_call"]
    arguments = call.get("parameters", {})
    return ToolCall(
        str(call["tool_call_id"]),
        str(call["tool_name"]),
        arguments if isinstance(arguments, dict) else None,
    )


def _trouble(data: Mapping[str, Any]) -> Trouble:
    event = data["error_event"]
    code = event.get("code")
    said = event.get("message") or event.get("reason") or ""
    return Trouble(code if isinstance(code, int) else None, str(event.get("error_type") or ""), str(said))


READERS: dict[str, Callable[[Mapping[str, Any]], Incoming]] = {
    "conversation_initiation_metadata": _metadata,
    "ping": lambda data: Ping(int(data["ping_event"]["event_id"])),
    "audio": _audio,
    "interruption": lambda data: Interruption(int(data["interruption_event"]["event_id"])),
    "user_transcript": lambda data: CallerText(
        _said(data["user_transcription_event"], "user_transcript"), final=True
    ),
    "tentative_user_transcript": lambda data: CallerText(
        _said(data["tentative_user_transcription_event"], "user_transcript"), final=False
    ),
    "agent_response": lambda data: AgentText(
        _said(data["agent_response_event"], "agent_response"),
        int(data["agent_response_event"].get("event_id") or 0),
    ),
    "agent_response_correction": lambda data: AgentCorrection(
        _said(data["agent_response_correction_event"], "corrected_agent_response"),
        str(data["agent_response_correction_event"].get("original_agent_response") or ""),
    ),
    "agent_response_complete": lambda data: AgentDone(),
    "client_tool_call": _tool_call,
    "error": _trouble,
}

# -- where ------------------------------------------------------------------------------------


def host_of(base_url: str | None) -> str:
    """The address of the API. A ``/v1`` at its end does no harm."""
    return (base_url or ELEVENLABS_URL).rstrip("/").removesuffix("/v1").rstrip("/")


def signed_url_query(agent_id: str) -> str:
    return f"{SIGNED_URL_PATH}?{urlencode({'agent_id': agent_id})}"


def is_socket_of(base_url: str | None, url: str) -> bool:
    """Whether a signed address leads to the vendor, or to where the API itself was asked for it.

    A server that was set as somebody's base URL must not send us to another one.
    """
    given, asked = urlsplit(url), urlsplit(host_of(base_url))
    if given.scheme not in ("ws", "wss") or (given.scheme == "ws" and asked.scheme == "https"):
        return False
    host = given.hostname or ""
    same = (host, given.port) == (asked.hostname, asked.port)
    from_vendor = host == VENDOR_DOMAIN or host.endswith(f".{VENDOR_DOMAIN}")
    return same or (from_vendor and given.scheme == "wss")
