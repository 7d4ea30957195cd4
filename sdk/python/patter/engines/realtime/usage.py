"""What OpenAI says that a response or a transcription used, by the names of our meters. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def response_usage(usage: Any) -> dict[str, int]:
    """Of ``response.done``. Cached tokens are part of the provider's input, and not of ours."""
    if not isinstance(usage, Mapping):
        return {}
    given = _part(usage, "input_token_details")
    cached = _part(given, "cached_tokens_details")
    made = _part(usage, "output_token_details")
    counted = {
        "speech_cached_text_input_tokens": _count(cached, "text_tokens"),
        "speech_cached_audio_input_tokens": _count(cached, "audio_tokens"),
        "speech_text_output_tokens": _count(made, "text_tokens"),
        "speech_audio_output_tokens": _count(made, "audio_tokens"),
    }
    for kind in ("text", "audio"):
        fresh = _count(given, f"{kind}_tokens") - counted[f"speech_cached_{kind}_input_tokens"]
        counted[f"speech_{kind}_input_tokens"] = max(0, fresh)
    return {meter: quantity for meter, quantity in counted.items() if quantity}


def transcription_usage(usage: Any) -> dict[str, int]:
    """Of a transcript of the caller: in tokens or in seconds, as its model is charged."""
    if not isinstance(usage, Mapping):
        return {}
    tokens, seconds = _count(usage, "total_tokens"), usage.get("seconds")
    if usage.get("type") == "duration" and isinstance(seconds, int | float):
        return {"speech_transcription_ms": round(seconds * 1000)}
    return {"speech_transcription_tokens": tokens} if tokens else {}


def _part(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = usage.get(name)
    return part if isinstance(part, Mapping) else {}


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
