"""What the simulated speech endpoint accepts. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from patter.engines.catalogue.openai import VOICES
from patter.simulators.openai.chat_rules import check_model
from patter.simulators.openai.refusals import RefusalError

PARAMETERS = frozenset(
    {"model", "voice", "input", "instructions", "response_format", "speed", "stream_format"}
)
FORMATS = frozenset({"mp3", "opus", "aac", "flac", "wav", "pcm"})
MOST_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class Reading:
    """A request that was found right."""

    model: str
    voice: str
    text: str
    response_format: str
    speed: float


def read_reading(content: bytes, models: Collection[str]) -> Reading:
    """Check a request. Raises RefusalError."""
    try:
        body = json.loads(content)
    except ValueError:
        raise RefusalError(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise RefusalError(400, "The body must be a JSON object.")
    if unknown := sorted(body.keys() - PARAMETERS):
        raise RefusalError(400, f"Unrecognized request argument supplied: {', '.join(unknown)}")
    model = check_model(body.get("model"), models)
    if body.get("voice") not in VOICES:
        raise RefusalError(400, f"Invalid voice. Input should be one of {', '.join(VOICES)}.", param="voice")
    text = body.get("input")
    if not isinstance(text, str) or not 1 <= len(text) <= MOST_CHARACTERS:
        raise RefusalError(400, "Invalid 'input': expected 1 to 4096 characters.", param="input")
    response_format, speed = body.get("response_format", "mp3"), body.get("speed", 1.0)
    if response_format not in FORMATS:
        raise RefusalError(400, f"Invalid response_format '{response_format}'.", param="response_format")
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0.25 <= speed <= 4:
        raise RefusalError(400, "Invalid 'speed': expected 0.25 to 4.0.", param="speed")
    for name in ("instructions", "stream_format"):
        if model.startswith("tts-1") and body.get(name) not in (None, "audio"):
            raise RefusalError(400, f"'{name}' is not supported with {model}.", param=name)
    return Reading(model, body["voice"], text, response_format, float(speed))
