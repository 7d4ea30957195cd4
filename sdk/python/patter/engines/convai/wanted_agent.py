"""How an ElevenLabs agent has to be set up for Patter's calls, and where one differs. Pure.

Formats, events, tools and what a call may override belong to the ElevenLabs agent, so they are settled once,
before the first call. What is not named here stays as its owner set it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patter.engines.convai.completions import CALL_HEADER, SKIP_TURN
from patter.engines.convai.formats import ULAW
from patter.engines.convai.settings import CALL_VARIABLE

EVENTS = (
    "conversation_initiation_metadata",
    "ping",
    "audio",
    "interruption",
    "user_transcript",
    "tentative_user_transcript",
    "agent_response",
    "agent_response_correction",
    "agent_response_complete",
    "client_tool_call",
)
CUSTOM_LLM = "custom-llm"
GRACE_S = 60
"""The vendor's own time limit stands behind ours, which ends with a goodbye."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What Patter's agent is.

    Args:
        tools: in the shape that chat models take; the vendor's agent calls them at its client.
        reply_url: where replies are asked for, without ``/chat/completions``; empty where the vendor's
            model replies.
        voice: empty leaves the agent's own.
    """

    name: str
    language: str = "en"
    voice: str = ""
    keyterms: Sequence[str] = ()
    tools: Sequence[Mapping[str, Any]] = ()
    first_message_interruptible: bool = True
    max_duration_s: float = 3600.0
    reply_url: str = ""
    reply_key: str = field(default="", repr=False)

    @property
    def by_handler(self) -> bool:
        return bool(self.reply_url)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it has to be. ``sentence`` tells a person what to do.

    With ``wanted`` None nobody but its owner can decide it.
    """

    setting: str
    wanted: Any
    found: Any
    sentence: str


MODEL = "conversation_config.agent.prompt.llm"
NO_MODEL = (
    "Choose one of ElevenLabs' models: this agent gets its replies from a server, and not from a model."
)
SENTENCES = {
    "conversation_config.asr.user_input_audio_format": "Set the user input audio format to μ-law 8000 Hz.",
    "conversation_config.tts.agent_output_audio_format": "Set the TTS output format to μ-law 8000 Hz.",
    "conversation_config.tts.voice_id": "Choose the voice {wanted}.",
    "conversation_config.asr.keywords": "Set the keywords of speech recognition to: {wanted}.",
    "conversation_config.turn.turn_timeout": "Set the turn timeout to -1: Patter counts silence itself.",
    "conversation_config.turn.silence_end_call_timeout": "Set the end of silent calls to -1.",
    "conversation_config.turn.speculative_turn": "Switch speculative turns off: a handler runs once a turn.",
    "conversation_config.conversation.text_only": "Switch text only off.",
    "conversation_config.conversation.max_duration_seconds": "Let a conversation last at least {wanted} s.",
    "conversation_config.conversation.client_events": "Switch these client events on: {missing}.",
    "conversation_config.agent.language": "Set the language to {wanted}.",
    "conversation_config.agent.disable_first_message_interruptions": (
        "Set “disable interruptions during the first message” to {wanted}."
    ),
    MODEL: "Choose “Custom LLM” as the model.",
    "conversation_config.agent.prompt.custom_llm": (
        "Give the custom LLM the server URL {url}, a secret with Patter's key, and the request header "
        f"{CALL_HEADER} with the dynamic variable {CALL_VARIABLE}."
    ),
    "conversation_config.agent.prompt.built_in_tools.skip_turn": "Switch the system tool “skip turn” on.",
    "platform_settings.auth.enable_auth": "Switch authentication on, so that nobody else can talk to it.",
    "tools": "Add the client tool {name}, and let it have Patter's description and parameters.",
}
OVERRIDES = "platform_settings.overrides.conversation_config_override."


def wanted_settings(wanted: Wanted, *, secret_id: str = "") -> dict[str, Any]:
    """The settings as the vendor's API takes them, without the tools."""
    agent: dict[str, Any] = {
        "language": wanted.language.split("-")[0].lower(),
        "disable_first_message_interruptions": not wanted.first_message_interruptible,
    }
    if wanted.by_handler:
        agent["prompt"] = {
            "llm": CUSTOM_LLM,
            "custom_llm": _custom_llm(wanted, secret_id),
            "built_in_tools": {SKIP_TURN: _skip_turn()},
        }
    asr: dict[str, Any] = {"user_input_audio_format": ULAW}
    tts: dict[str, Any] = {"agent_output_audio_format": ULAW}
    if wanted.keyterms:
        asr["keywords"] = list(wanted.keyterms)
    if wanted.voice:
        tts["voice_id"] = wanted.voice
    return {
        "conversation_config": {
            "asr": asr,
            "tts": tts,
            "turn": {"turn_timeout": -1, "silence_end_call_timeout": -1, "speculative_turn": False},
            "conversation": {
                "text_only": False,
                "max_duration_seconds": round(wanted.max_duration_s) + GRACE_S,
                "client_events": list(EVENTS),
            },
            "agent": agent,
        },
        "platform_settings": {
            "auth": {"enable_auth": True},
            "overrides": {"conversation_config_override": _overrides()},
        },
    }


def _overrides() -> dict[str, Any]:
    return {"agent": {"first_message": True, "prompt": {"prompt": True}}, "tts": {"voice_id": True}}


def _custom_llm(wanted: Wanted, secret_id: str) -> dict[str, Any]:
    return {
        "url": wanted.reply_url,
        "model_id": "patter",
        "api_key": {"secret_id": secret_id},
        "request_headers": {CALL_HEADER: {"variable_name": CALL_VARIABLE}},
        "api_type": "chat_completions",
    }


def _skip_turn() -> dict[str, Any]:
    params = {"system_tool_type": SKIP_TURN}
    return {"type": "system", "name": SKIP_TURN, "description": "", "params": params}


# -- where an agent differs -------------------------------------------------------------------


def findings(agent: Mapping[str, Any], wanted: Wanted, *, secret_id: str = "") -> list[Finding]:
    """Every setting that has to change, without the tools. ``secret_id`` empty: any secret will do."""
    found = list(_differences(agent, wanted_settings(wanted, secret_id=secret_id), ""))
    model = _setting(agent, MODEL)
    if not wanted.by_handler and model == CUSTOM_LLM:
        found.append(Finding(MODEL, None, model, NO_MODEL))
    return found


def _setting(agent: Any, path: str) -> Any:
    for name in path.split("."):
        agent = agent.get(name) if isinstance(agent, Mapping) else None
    return agent


def _differences(found: Any, wanted: Mapping[str, Any], at: str) -> Iterator[Finding]:
    for name, value in wanted.items():
        path = f"{at}{name}"
        has = found.get(name) if isinstance(found, Mapping) else None
        if path in SENTENCES or not isinstance(value, Mapping):
            if not _fits(path, value, has):
                yield Finding(path, value, has, _sentence(path, value, has))
        else:
            yield from _differences(has, value, f"{path}.")


def _fits(path: str, wanted: Any, has: Any) -> bool:
    """Some settings may be more than is wanted."""
    if path.endswith(".client_events"):
        return isinstance(has, list) and set(wanted) <= set(has)
    if path.endswith(".max_duration_seconds"):
        return isinstance(has, int | float) and has >= wanted
    if path.endswith(".skip_turn"):
        return has is not None
    if path.endswith(".custom_llm"):
        return _same_llm(wanted, has)
    return bool(has == wanted)


def _same_llm(wanted: Mapping[str, Any], has: Any) -> bool:
    if not isinstance(has, Mapping):
        return False
    secret = has.get("api_key") or {}
    secret_id = wanted["api_key"]["secret_id"]
    key_fits = secret.get("secret_id") == secret_id if secret_id else bool(secret)
    headers = has.get("request_headers") or {}
    url = str(has.get("url", "")).rstrip("/")
    return key_fits and url == wanted["url"] and headers.get(CALL_HEADER) == {"variable_name": CALL_VARIABLE}


def _sentence(path: str, wanted: Any, has: Any) -> str:
    if path.startswith(OVERRIDES):
        return f"Allow calls to override “{path.removeprefix(OVERRIDES)}” (security settings of the agent)."
    missing = (
        ", ".join(name for name in wanted if name not in (has or ())) if isinstance(wanted, list) else ""
    )
    url = wanted.get("url", "") if isinstance(wanted, Mapping) else ""
    shown = ", ".join(map(str, wanted)) if isinstance(wanted, list) else wanted
    return SENTENCES[path].format(wanted=shown, missing=missing, url=url)


def changes(found: Sequence[Finding]) -> dict[str, Any]:
    """The smallest change that mends the findings, for a PATCH of the agent."""
    change: dict[str, Any] = {}
    for finding in found:
        if finding.wanted is None:
            continue
        *rooms, name = finding.setting.split(".")
        room = change
        for step in rooms:
            room = room.setdefault(step, {})
        room[name] = finding.wanted
        if name == "client_events":  # what its owner switched on besides stays on
            own = [event for event in finding.found or () if event not in finding.wanted]
            room[name] = [*finding.wanted, *own]
    return change
