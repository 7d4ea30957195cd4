"""Which providers carry an agent's calls, with keys and addresses: one function for each voice mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import structlog
from django.conf import settings

from agents.errors import AgentNotReady
from agents.models import Agent
from agents.providers import PROVIDERS, ROLE_NAMES, Role, base_url_of, providers_for
from agents.selectors import credential_for
from patter.bridge.plan import ProviderSpec
from patter.engines.agent_options import ears_options, realtime_options

logger = structlog.get_logger(__name__)
REALTIME_PROVIDER = "openai"
"""Who carries a realtime agent that names nobody."""
CONVAI_PROVIDER = "elevenlabs"


class Specs(TypedDict, total=False):
    """By the field of the call's plan."""

    stt: ProviderSpec | None
    llm: ProviderSpec | None
    tts: ProviderSpec | None
    speech: ProviderSpec | None


def specs_of(agent: Agent, config: Mapping[str, Any], language: str) -> Specs:
    """Everybody who works for a call of this agent. Raises AgentNotReady."""
    mode = config.get("mode", "pipeline")
    if (specs := SPECS_OF_MODE.get(mode)) is None:
        raise AgentNotReady(
            "mode_unknown", f"The mode {mode!r} does not run. Use one of: {', '.join(SPECS_OF_MODE)}."
        )
    return specs(agent, config, language)


def fallbacks_of(
    agent: Agent, config: Mapping[str, Any], language: str
) -> dict[str, tuple[ProviderSpec, ...]]:
    """One that cannot work, for want of a key, is left out: it must not cost the call its first choice."""
    defaults: dict[Role, dict[str, Any]] = {"stt": {"language": language}, "llm": {}, "tts": {}}
    chains: dict[str, tuple[ProviderSpec, ...]] = {}
    for role, default in defaults.items():
        specs = []
        for chosen in config.get("fallbacks", {}).get(role, ()):
            given = {**default, **_given(chosen)} | ({"language": language} if role == "tts" else {})
            try:
                specs.append(_spec(agent, role, given))
            except AgentNotReady as error:
                logger.warning("A fallback cannot work", agent=agent.pk, stage=role, reason=error.code)
        if specs:
            chains[role] = tuple(specs)
    return chains


def _pipeline(agent: Agent, config: Mapping[str, Any], language: str) -> Specs:
    stt = _required(agent, config, "stt", "agent_has_no_ears")
    tts = _required(agent, config, "tts", "agent_has_no_voice")
    llm = config.get("llm")
    if config.get("reply_by") == "model":
        llm = _required(agent, config, "llm", "agent_has_no_model")
    if tts and config.get("voice") and not tts.get("voice"):
        tts = {**tts, "voice": config["voice"]}
    return {
        "stt": _spec(agent, "stt", {"language": language, **_given(stt), "options": _ears(config, stt)}),
        "tts": _spec(agent, "tts", {**_given(tts), "language": language}),
        "llm": _spec(agent, "llm", _given(llm)) if llm else None,
    }


def _realtime(agent: Agent, config: Mapping[str, Any], language: str) -> Specs:
    chosen = config.get("llm") or {"provider": REALTIME_PROVIDER}
    voice = {"voice": config["voice"]} if config.get("voice") else {}
    turn_taking, keyterms = config.get("turn_taking", {}), config.get("keyterms") or ()
    options = realtime_options(chosen.get("options"), turn_taking, keyterms)
    given = {**voice, **_given(chosen), "language": language, "options": options}
    return {"speech": _spec(agent, "realtime", given), "tts": _spare_voice(agent, config, language)}


def _spare_voice(agent: Agent, config: Mapping[str, Any], language: str) -> ProviderSpec | None:
    """Who says the system's phrases when the mode's own voice is down; nobody has to.

    The agent's ``voice`` is a name at the mode's provider, and means nothing here.
    """
    tts = config.get("tts")
    return _spec(agent, "tts", {**_given(tts), "language": language}) if tts else None


def _convai(agent: Agent, config: Mapping[str, Any], language: str) -> Specs:
    agent_id = config.get("convai_agent_id")
    if not agent_id:
        raise AgentNotReady(
            "convai_agent_missing",
            f"The agent {agent.name!r} has no ElevenLabs agent. Set one up, or enter its id.",
        )
    options = {
        "agent_id": agent_id,
        "dynamic_variables": config.get("variables", {}),
        "patter_agent": agent.pk,
    }
    chosen = {"provider": CONVAI_PROVIDER, "voice": config.get("voice") or None, "options": options}
    speech = _spec(agent, "convai", {**chosen, "language": language})
    voice = _spare_voice(agent, config, language)
    return {"speech": speech, "tts": voice, "llm": _relief_model(agent, config)}


def _relief_model(agent: Agent, config: Mapping[str, Any]) -> ProviderSpec | None:
    """Who goes on where the handler is lost, and the agent's policy wants a model then."""
    wanted = config.get("policies", {}).get("handler", {}).get("lost") == "model"
    by_handler = config.get("reply_by", "handler") == "handler"
    llm = config.get("llm")
    return _spec(agent, "llm", _given(llm)) if wanted and by_handler and llm else None


SPECS_OF_MODE: dict[str, Callable[[Agent, Mapping[str, Any], str], Specs]] = {
    "pipeline": _pipeline,
    "realtime": _realtime,
    "convai": _convai,
}


def _ears(config: Mapping[str, Any], stt: Mapping[str, Any]) -> dict[str, Any]:
    given = stt.get("options")
    return ears_options(stt["provider"], given, config.get("turn_taking", {}), config.get("keyterms") or ())


def _required(agent: Agent, config: Mapping[str, Any], role: Role, code: str) -> Mapping[str, Any]:
    chosen = config.get(role)
    if not chosen and agent.is_default:
        # Nobody wrote it, so what works is chosen. Of an agent of somebody it is an oversight, and told.
        chosen = usable_choice(agent.organisation_id, role)
    if not chosen:
        raise AgentNotReady(
            code, f"The agent {agent.name!r} has no {ROLE_NAMES[role]}. Choose a provider under {role!r}."
        )
    return chosen


def usable_choice(organisation_id: str, role: Role) -> dict[str, Any] | None:
    """A provider whose key is stored; in development, where there is none, the one in the box."""
    for provider in providers_for(role):
        if provider.needs_key and credential_for(organisation_id, provider.credential or provider.name):
            return {"provider": provider.name}
    return {"provider": "offline"} if settings.DEBUG and role != "llm" else None


def _given(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chosen.items() if value is not None}


def _spec(agent: Agent, role: Role, chosen: Mapping[str, Any]) -> ProviderSpec:
    provider = PROVIDERS.get(chosen["provider"])
    if provider is None or role not in provider.roles:
        raise AgentNotReady(
            "provider_unknown", f"{chosen['provider']!r} is not a provider for the {ROLE_NAMES[role]}."
        )
    credential = credential_for(agent.organisation_id, provider.credential or provider.name)
    key = credential.api_key if credential else ""
    base_url = base_url_of(provider, credential.base_url if credential else "")
    if provider.needs_key and not key:
        raise AgentNotReady(
            "credential_missing", f"There is no key for {provider.label}. Add one under provider credentials."
        )
    if provider.needs_base_url and not base_url:
        raise AgentNotReady(
            "credential_missing", f"There is no address for the {provider.label}. Add it with base_url."
        )
    return ProviderSpec(
        provider=provider.name,
        model=chosen.get("model"),
        voice=chosen.get("voice"),
        language=chosen.get("language"),
        options=chosen.get("options", {}),
        api_key=key or None,
        base_url=base_url,
    )
