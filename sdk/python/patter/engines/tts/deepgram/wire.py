"""Speak v1, without I/O: the address of a voice, its frames, and what its messages mean.

Source: the vendor's speak v1 specification of July 2026 and its pages on Flush and Clear.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue import default_model, models_of
from patter.engines.deepgram.wire import (
    PHONE_AUDIO,
    PROVIDER,
    Option,
    Pair,
    endpoint,
    flag,
    number,
    parsed,
    query_of,
    said,
)

PATH = "/v1/speak"
FLUSH = '{"type":"Flush"}'
CLEAR = '{"type":"Clear"}'
CLOSE = '{"type":"Close"}'

MOST_CHARACTERS = 1900
"""In one ``Speak``; the server refuses more than 2000 (DATA-0001)."""
MOST_FLUSHES, FLUSH_WINDOW_S = 20, 60.0
"""A socket flushes so often in so many seconds; the server answers further ones with a warning."""

# What a container or another codec begins with. In µ-law none of them is plausible as a first sound.
_FOREIGN = {b"RIFF": "WAV", b"ID3": "MP3", b"OggS": "Ogg", b"fLaC": "FLAC"}

_OPTIONS: Mapping[str, Option] = {"speed": number(0.7, 1.5), "mip_opt_out": flag}


@dataclass(frozen=True, slots=True)
class Audio:
    payload: bytes


@dataclass(frozen=True, slots=True)
class Flushed:
    """All audio of the text before one ``Flush`` was sent."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """No more audio of the text before the ``Clear`` comes."""


@dataclass(frozen=True, slots=True)
class Refused:
    """``text`` is in the provider's words."""

    text: str
    permanent: bool = False


Message = Audio | Flushed | Cleared | Refused


def url(spec: ProviderSpec) -> str:
    """Raises ConfigError."""
    query: list[Pair] = [("model", voice_of(spec)), *PHONE_AUDIO, *query_of(spec.options, _OPTIONS)]
    return endpoint(spec.base_url, PATH, query)


def voice_of(spec: ProviderSpec) -> str:
    """The full id: a voice may be given as ``thalia``, and a language has a default voice."""
    wanted = (spec.voice or spec.model or "").strip()
    if not wanted:
        return default_model(PROVIDER, "tts", spec.language)
    known = [model.id for model in models_of(PROVIDER, "tts")]
    short = [voice for voice in known if voice.split("-")[2] == wanted.lower()]
    return short[0] if short else wanted


def speak(text: str) -> list[str]:
    """The frames that say a text and mark its end."""
    return [*(json.dumps({"type": "Speak", "text": part}) for part in _parts(text)), FLUSH]


def decode(message: str | bytes) -> Message | None:
    """None for what does not matter here."""
    if isinstance(message, bytes):
        return Audio(message) if message else None
    data = parsed(message)
    match data.get("type"):
        case "Flushed":
            return Flushed()
        case "Cleared":
            return Cleared()
        case "Warning" if _concerns_flush(data):
            return Refused(said(data))
        case "Error":
            return Refused(said(data))
        case _:
            return None


def foreign(first: bytes) -> str | None:
    """The format's name when the first audio is not µ-law: it would be heard as a click and noise."""
    return next((name for start, name in _FOREIGN.items() if first.startswith(start)), None)


def _concerns_flush(data: Mapping[str, Any]) -> bool:
    return "flush" in f"{data.get('code', '')} {data.get('description', '')}".lower()


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    while len(text) > MOST_CHARACTERS:
        cut = text.rfind(" ", 1, MOST_CHARACTERS) + 1 or MOST_CHARACTERS
        parts.append(text[:cut])
        text = text[cut:]
    return [*parts, text]
