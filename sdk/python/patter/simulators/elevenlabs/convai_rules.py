"""What the simulated ElevenLabs Agents accept: agents, tools, and the messages of a conversation. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from patter.engines.catalogue.elevenlabs import DEFAULT_VOICE
from patter.simulators.elevenlabs.rules import RefusalError

FORMATS = frozenset("pcm_8000 pcm_16000 pcm_22050 pcm_24000 pcm_44100 pcm_48000 ulaw_8000".split())
CLIENT_EVENTS = frozenset(
    "conversation_initiation_metadata asr_initiation_metadata ping audio interruption user_transcript "
    "tentative_user_transcript agent_response agent_response_correction client_tool_call mcp_tool_call "
    "mcp_connection_status agent_tool_request agent_tool_response agent_tool_response_full_payload "
    "agent_response_metadata vad_score agent_chat_response_part client_error guardrail_triggered "
    "dtmf_request agent_response_complete context_usage internal_turn_probability "
    "internal_tentative_agent_response".split()
)
USUAL_EVENTS = (
    "audio",
    "interruption",
    "agent_response",
    "user_transcript",
    "tentative_user_transcript",
    "conversation_initiation_metadata",
    "ping",
)
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")

NEW_AGENT: dict[str, Any] = {
    "conversation_config": {
        "asr": {"quality": "high", "user_input_audio_format": "pcm_16000", "keywords": []},
        "turn": {"turn_timeout": 7.0, "silence_end_call_timeout": -1.0, "speculative_turn": False},
        "tts": {"voice_id": DEFAULT_VOICE, "agent_output_audio_format": "pcm_16000"},
        "conversation": {
            "text_only": False,
            "max_duration_seconds": 600,
            "client_events": list(USUAL_EVENTS),
        },
        "agent": {
            "first_message": "",
            "language": "en",
            "disable_first_message_interruptions": False,
            "dynamic_variables": {"dynamic_variable_placeholders": {}},
            "prompt": {
                "prompt": "",
                "llm": "gemini-2.5-flash",
                "tool_ids": [],
                "custom_llm": None,
                "built_in_tools": {"end_call": None, "skip_turn": None},
            },
        },
    },
    "platform_settings": {
        "auth": {"enable_auth": False},
        "overrides": {
            "conversation_config_override": {
                "agent": {"first_message": False, "language": False, "prompt": {"prompt": False}},
                "tts": {"voice_id": False},
                "conversation": {"text_only": False},
            },
            "custom_llm_extra_body": False,
        },
    },
}
CLIENT_TOOL = frozenset(
    "type name description response_timeout_secs parameters expects_response execution_mode pre_tool_speech "
    "interruption_mode dynamic_variables".split()
)
INITIATION = frozenset(
    "type conversation_config_override custom_llm_extra_body dynamic_variables user_id source_info".split()
)


class ConversationError(Exception):
    """What ends a conversation. ``kind`` is the vendor's ``error_type``."""

    def __init__(self, code: int, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.code = code
        self.kind = kind


def merged(base: Mapping[str, Any], change: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """An agent's settings with a change, field by field. Raises RefusalError for a field that is unknown."""
    result = deepcopy(dict(base))
    for name, value in change.items():
        if name not in result:
            raise RefusalError(422, "invalid_parameters", f"Unknown field {at}{name}")
        free = name in ("custom_llm", "built_in_tools", "dynamic_variable_placeholders")
        if isinstance(value, Mapping) and isinstance(result[name], Mapping) and not free:
            result[name] = merged(result[name], value, f"{at}{name}.")
        elif isinstance(value, Mapping) and name == "built_in_tools":
            result[name] = {**result[name], **value}
        else:
            result[name] = deepcopy(value)
    return result


def check_agent(agent: Mapping[str, Any]) -> None:
    """Raises RefusalError."""
    config = agent["conversation_config"]
    formats = (config["asr"]["user_input_audio_format"], config["tts"]["agent_output_audio_format"])
    if unknown := sorted(set(formats) - FORMATS):
        raise RefusalError(422, "invalid_parameters", f"Invalid audio format: {unknown[0]}")
    events = config["conversation"]["client_events"]
    if unknown := sorted(set(events) - CLIENT_EVENTS):
        raise RefusalError(422, "invalid_parameters", f"Unknown client event: {unknown[0]}")
    prompt = config["agent"]["prompt"]
    llm = prompt["custom_llm"]
    if (prompt["llm"] == "custom-llm") != (llm is not None and bool(llm.get("url"))):
        raise RefusalError(422, "invalid_parameters", "custom_llm goes with the llm 'custom-llm'")
    timeout = config["turn"]["turn_timeout"]
    if timeout != -1 and not 1 <= timeout <= 30:
        raise RefusalError(422, "invalid_parameters", "turn_timeout is 1 to 30, or -1")


def check_tool(config: object) -> dict[str, Any]:
    """Raises RefusalError."""
    if not isinstance(config, dict) or config.get("type") != "client":
        raise RefusalError(422, "invalid_parameters", "The simulated vendor has client tools only.")
    if unknown := sorted(config.keys() - CLIENT_TOOL):
        raise RefusalError(422, "invalid_parameters", f"Unknown field {unknown[0]}")
    name, description = config.get("name"), config.get("description")
    if not isinstance(name, str) or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) or not description:
        raise RefusalError(422, "invalid_parameters", "A tool has a name and a description.")
    _check_schema(config.get("parameters"), "parameters")
    return config


def _check_schema(schema: object, at: str) -> None:
    """A schema is an object of literals, objects and lists, each described, and nothing else."""
    if schema is None:
        return
    known = {"type", "description", "properties", "required", "items", "enum"}
    if not isinstance(schema, dict) or schema.keys() - known:
        raise RefusalError(422, "invalid_parameters", f"{at} is not a schema")
    kind = schema.get("type")
    if kind not in ("object", "array", "string", "integer", "number", "boolean"):
        raise RefusalError(422, "invalid_parameters", f"{at}: unknown type {kind!r}")
    if kind not in ("object", "array") and not schema.get("description"):
        raise RefusalError(422, "invalid_parameters", f"{at} has no description")
    for name, inner in (schema.get("properties") or {}).items():
        _check_schema(inner, f"{at}.{name}")
    if kind == "array":
        _check_schema(schema.get("items"), f"{at}.items")


def check_initiation(message: Mapping[str, Any], agent: Mapping[str, Any]) -> dict[str, Any]:
    """The agent's settings for this conversation. Raises ConversationError."""
    if message.keys() - INITIATION:
        raise ConversationError(1008, "invalid_message", f"Unknown: {sorted(message.keys() - INITIATION)}")
    overrides = message.get("conversation_config_override") or {}
    allowed = agent["platform_settings"]["overrides"]["conversation_config_override"]
    _check_overrides(overrides, allowed, "")
    config = merged(agent["conversation_config"], overrides)
    variables = message.get("dynamic_variables") or {}
    if not all(isinstance(value, str | int | float | bool) for value in variables.values()):
        raise ConversationError(1008, "invalid_message", "dynamic variables are plain values")
    known = {**config["agent"]["dynamic_variables"]["dynamic_variable_placeholders"], **variables}
    spoken = config["agent"]
    for text in (spoken["first_message"], spoken["prompt"]["prompt"]):
        for name in PLACEHOLDER.findall(text or ""):
            _known(name, known)
    for value in ((spoken["prompt"]["custom_llm"] or {}).get("request_headers") or {}).values():
        if isinstance(value, Mapping):
            _known(value["variable_name"], known)
    spoken["first_message"] = filled(spoken["first_message"], known)
    return {"config": config, "variables": known}


def _known(name: str, known: Mapping[str, Any]) -> None:
    if name not in known:
        raise ConversationError(1008, "missing_dynamic_variable", f"Missing dynamic variable {name}")


def filled(text: str, variables: Mapping[str, Any]) -> str:
    """A text with its dynamic variables."""
    return PLACEHOLDER.sub(lambda found: str(variables.get(found[1], "")), text or "")


def _check_overrides(given: Any, allowed: Any, at: str) -> None:
    if isinstance(given, Mapping):
        for name, value in given.items():
            inner = allowed.get(name, False) if isinstance(allowed, Mapping) else False
            _check_overrides(value, inner, f"{at}{name}.")
    elif allowed is not True:
        raise ConversationError(1008, "override_error", f"Override for field {at[:-1]} is not allowed")


def check_message(message: Any) -> tuple[str, Any]:
    """A client's message as its kind and what it holds. Raises ConversationError."""
    match message:
        case {"user_audio_chunk": str(chunk)} if set(message) == {"user_audio_chunk"}:
            try:
                return "audio", base64.b64decode(chunk, validate=True)
            except binascii.Error:
                raise ConversationError(1008, "invalid_message", "audio is base64") from None
        case {"type": "pong", "event_id": int(event_id)}:
            return "pong", event_id
        case {"type": "user_message", "text": str(text)}:
            return "text", text
        case {"type": "contextual_update", "text": str(text)}:
            return "context", text
        case {"type": "user_activity"}:
            return "activity", None
        case {"type": "client_tool_result", "tool_call_id": str(), "result": str(), "is_error": bool()}:
            return "tool_result", message
    raise ConversationError(1008, "invalid_message", "This is no message of the protocol.")
