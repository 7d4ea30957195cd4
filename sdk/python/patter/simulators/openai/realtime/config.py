"""A session's settings: the defaults, and what a client changes of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.simulators.openai.realtime.shapes import RealtimeError

SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
    "idle_timeout_ms": None,
}
SEMANTIC_VAD = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}
PCM = {"type": "audio/pcm", "rate": 24_000}


def usual_session(session_id: str, model: str) -> dict[str, Any]:
    """As ``session.created`` tells it."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "instructions": "",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": dict(PCM),
                "noise_reduction": None,
                "transcription": None,
                "turn_detection": dict(SERVER_VAD),
            },
            "output": {"format": dict(PCM), "voice": "alloy", "speed": 1.0},
        },
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "truncation": "auto",
        "include": None,
    }


def merged(session: Mapping[str, Any], changes: Mapping[str, Any], *, has_spoken: bool) -> dict[str, Any]:
    """Only what is given changes. Raises RealtimeError for what can be set no more."""
    made = changes.get("audio", {}).get("output", {})
    if has_spoken and "voice" in made:
        raise RealtimeError(
            "cannot_update_voice",
            "Cannot update a conversation's voice if assistant audio is present.",
            "session.audio.output.voice",
        )
    if "model" in changes and changes["model"] != session["model"]:
        raise RealtimeError("invalid_value", "The model of a session cannot be changed.", "session.model")
    audio = {
        side: {**session["audio"][side], **changes.get("audio", {}).get(side, {})}
        for side in ("input", "output")
    }
    audio["input"]["turn_detection"] = _filled(audio["input"]["turn_detection"])
    return {**session, **changes, "audio": audio}


def _filled(detection: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a client leaves out of it has its default."""
    if detection is None:
        return None
    usual = SERVER_VAD if detection["type"] == "server_vad" else SEMANTIC_VAD
    return {**usual, **detection}
