"""What ``session.update`` may hold. What the real server refuses is refused here, with its words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.simulators.openai.realtime.shapes import (
    RealtimeError,
    check_max_tokens,
    check_tools,
    is_number,
    only,
    wrong,
)

SESSION = frozenset(
    "type instructions output_modalities audio tools tool_choice max_output_tokens model reasoning "
    "parallel_tool_calls truncation include prompt tracing".split()
)
INPUT = frozenset("format noise_reduction transcription turn_detection".split())
OUTPUT = frozenset("format voice speed".split())
TRANSCRIPTION = frozenset("model language languages prompt keywords delay".split())
SERVER_VAD = frozenset(
    "type threshold prefix_padding_ms silence_duration_ms create_response interrupt_response "
    "idle_timeout_ms".split()
)
SEMANTIC_VAD = frozenset("type eagerness create_response interrupt_response".split())
DETECTIONS = {"server_vad": SERVER_VAD, "semantic_vad": SEMANTIC_VAD}
FORMATS = ("audio/pcm", "audio/pcmu", "audio/pcma")
VOICES = frozenset("alloy ash ballad coral echo sage shimmer verse marin cedar".split())
EFFORTS = ("minimal", "low", "medium", "high", "xhigh")
AUDIO = "session.audio."


def check_session(session: Any, model: str) -> dict[str, Any]:
    """The object of ``session.update``, for a session of this model. Raises RealtimeError."""
    if not isinstance(session, dict):
        raise wrong("session", "an object")
    if session.get("type") != "realtime":
        raise RealtimeError(
            "missing_required_parameter", "Missing required parameter: 'session.type'.", "session.type"
        )
    only(session, SESSION, "session.")
    audio = session.get("audio", {})
    only(audio, {"input", "output"}, AUDIO)
    _check_input(audio.get("input", {}))
    _check_output(audio.get("output", {}))
    if not isinstance(session.get("instructions", ""), str):
        raise wrong("session.instructions", "a string")
    if session.get("output_modalities", ["audio"]) not in (["audio"], ["text"]):
        raise wrong("session.output_modalities", "['audio'] or ['text']")
    check_max_tokens(session, "session.")
    check_tools(session.get("tools", []), "session.")
    _check_reasoning(session, model)
    return session


def _check_input(given: Any) -> None:
    only(given, INPUT, f"{AUDIO}input.")
    _check_format(given, "input")
    noise = given.get("noise_reduction")
    if noise is not None and (
        not isinstance(noise, dict) or noise.get("type") not in ("near_field", "far_field")
    ):
        raise wrong(f"{AUDIO}input.noise_reduction.type", "near_field or far_field")
    _check_detection(given.get("turn_detection"))
    _check_transcription(given.get("transcription"))


def _check_output(made: Any) -> None:
    only(made, OUTPUT, f"{AUDIO}output.")
    _check_format(made, "output")
    voice = made.get("voice", "alloy")
    if voice not in VOICES if isinstance(voice, str) else not isinstance(voice, dict) or set(voice) != {"id"}:
        raise wrong(f"{AUDIO}output.voice", f"one of {', '.join(sorted(VOICES))}, or an object with an id")
    speed = made.get("speed", 1.0)
    if not is_number(speed) or not 0.25 <= speed <= 1.5:
        raise wrong(f"{AUDIO}output.speed", "a number from 0.25 to 1.5")


def _check_format(side: Mapping[str, Any], name: str) -> None:
    if "format" not in side:
        return
    given, param = side["format"], f"{AUDIO}{name}.format"
    if not isinstance(given, dict) or given.get("type") not in FORMATS:
        raise wrong(param, f"an object whose type is one of {', '.join(FORMATS)}")
    only(given, {"type", "rate"} if given["type"] == "audio/pcm" else {"type"}, f"{param}.")
    if given.get("rate", 24_000) != 24_000:
        raise wrong(f"{param}.rate", "24000")


def _check_detection(detection: Any) -> None:
    if detection is None:
        return
    path = f"{AUDIO}input.turn_detection."
    if not isinstance(detection, dict) or detection.get("type") not in DETECTIONS:
        raise wrong(f"{path}type", "server_vad or semantic_vad")
    only(detection, DETECTIONS[detection["type"]], path)
    threshold = detection.get("threshold", 0.5)
    if not is_number(threshold) or not 0 <= threshold <= 1:
        raise wrong(f"{path}threshold", "a number from 0 to 1")
    for name in ("prefix_padding_ms", "silence_duration_ms"):
        value = detection.get(name, 300)
        if not is_number(value, whole=True) or value < 0:
            raise wrong(f"{path}{name}", "a whole number from 0")
    if detection.get("eagerness", "auto") not in ("low", "medium", "high", "auto"):
        raise wrong(f"{path}eagerness", "low, medium, high or auto")
    for name in ("create_response", "interrupt_response"):
        if not isinstance(detection.get(name, True), bool):
            raise wrong(f"{path}{name}", "true or false")


def _check_transcription(transcription: Any) -> None:
    if transcription is None:
        return
    path = f"{AUDIO}input.transcription."
    only(transcription, TRANSCRIPTION, path)
    model = transcription.get("model", "")
    takes = model.startswith(("gpt-transcribe", "gpt-live-transcribe"))
    refused = {"keywords": not takes, "languages": not takes, "delay": model != "gpt-realtime-whisper"}
    for name in sorted(name for name, refuses in refused.items() if refuses and name in transcription):
        told = f"'{name}' is not supported with {model}."
        raise RealtimeError("invalid_value", told, f"{path}{name}")


def _check_reasoning(session: Mapping[str, Any], model: str) -> None:
    """Only models from gpt-realtime-2 on reason, and call several tools at once."""
    for name in ("reasoning", "parallel_tool_calls"):
        if name in session and not model.startswith("gpt-realtime-2"):
            told = f"Unsupported parameter: 'session.{name}' is not supported with this model."
            raise RealtimeError("unsupported_parameter", told, f"session.{name}")
    reasoning = session.get("reasoning") or {}
    only(reasoning, {"effort"}, "session.reasoning.")
    if reasoning.get("effort", "low") not in EFFORTS:
        raise wrong("session.reasoning.effort", ", ".join(EFFORTS))
