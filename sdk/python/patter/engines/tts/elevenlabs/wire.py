"""ElevenLabs' ``multi-stream-input`` socket: what is sent, and what its messages mean. Pure.

One socket serves a call, one context a chunk. A context ends with ``isFinal`` only after it was closed;
closing one that was flushed lets its audio come to the end. Clients write ``context_id``, the server
``contextId``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from patter.engines.refusal import FATAL_CODES

ELEVENLABS_URL = "https://api.elevenlabs.io"
OUTPUT_FORMAT = "ulaw_8000"
MOST_CONTEXTS = 5
"""Of one socket. A sixth ends it, with everything that speaks on it."""
IDLE_S = 180
"""The longest that a socket may be asked to live without a message."""

PERMANENT = FATAL_CODES | {
    "max_character_limit_exceeded",
    "missing_permissions",
    "model_not_found",
    "only_for_creator+",
    "unsupported_model",
    "voice_not_found",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """``query`` and ``voice_settings`` hold only what was chosen."""

    voice: str
    model: str
    query: Mapping[str, str] = field(default_factory=dict)
    voice_settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audio:
    """``alignment`` counts from the beginning of this piece, in the text as it was sent."""

    context: str
    payload: bytes
    alignment: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Final:
    """Everything of this context has come."""

    context: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something failed: in one context, or, when that is empty, for the whole socket."""

    error: str
    permanent: bool
    context: str = ""


def address(base_url: str | None, settings: Settings) -> str:
    """The socket's address. ``base_url`` is a host; a ``/v1`` at its end does no harm."""
    host = (base_url or ELEVENLABS_URL).rstrip("/").removesuffix("/v1").rstrip("/")
    scheme, _, rest = host.partition("://")
    scheme = {"https": "wss", "http": "ws"}.get(scheme, scheme)
    query = {
        "model_id": settings.model,
        "output_format": OUTPUT_FORMAT,
        # Sentences come whole, so there is nothing for the server to wait for.
        "auto_mode": "true",
        "inactivity_timeout": str(IDLE_S),
        "sync_alignment": "true",
        **settings.query,
    }
    voice = quote(settings.voice, safe="")
    return f"{scheme}://{rest}/v1/text-to-speech/{voice}/multi-stream-input?{urlencode(query)}"


def open_context(context: str, settings: Settings) -> str:
    """The first message of a context: a single space, and the voice's settings, which come only here."""
    message: dict[str, Any] = {"text": " ", "context_id": context}
    if settings.voice_settings:
        message["voice_settings"] = dict(settings.voice_settings)
    return json.dumps(message)


def speak(context: str, text: str) -> str:
    """A text that is to be spoken now. Without the space at its end words run together."""
    return json.dumps({"text": f"{text.strip()} ", "context_id": context, "flush": True})


def close_context(context: str) -> str:
    return json.dumps({"context_id": context, "close_context": True})


def keep_alive(context: str) -> str:
    """Empty text ends nothing on this socket, as it does on the one with a single stream."""
    return json.dumps({"text": "", "context_id": context})


def parse(message: str | bytes) -> list[Audio | Final | Trouble]:
    """What one message says; it may be audio and the end of its context at once."""
    try:
        data = json.loads(message)
        if not isinstance(data, dict):
            raise TypeError("not an object")
        return _read(data)
    except (ValueError, TypeError, binascii.Error):
        return [Trouble("a message that cannot be read", permanent=False)]


def closed(code: int | None, reason: str) -> Trouble:
    """What the end of the socket means. The reason may be a word that we know."""
    known = next((word for word in PERMANENT if word in reason), None)
    said = f"the socket closed with {code}" if code else "the socket was lost"
    return Trouble(f"{said}: {reason}" if reason else said, permanent=known is not None)


def _read(data: Mapping[str, Any]) -> list[Audio | Final | Trouble]:
    context = str(data.get("contextId") or "")
    if error := data.get("error"):
        message = str(data.get("message") or "")
        return [Trouble(f"{error}: {message}" if message else str(error), str(error) in PERMANENT, context)]
    found: list[Audio | Final | Trouble] = []
    if audio := data.get("audio"):
        found.append(Audio(context, base64.b64decode(audio, validate=True), data.get("alignment")))
    if data.get("isFinal"):
        found.append(Final(context))
    return found
