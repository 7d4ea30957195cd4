"""From an agent and a call's own wishes to the plan that a call machine carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from agents.errors import AgentNotReady
from agents.line_policies import answering_of, transfers_of
from agents.models import Agent
from agents.providers import PROVIDERS, ROLE_NAMES, Role, base_url_of
from agents.selectors import credential_for, version_of
from agents.turn_taking import resolved_values, turn_taking_of
from patter.bridge.keypad import Keypad
from patter.bridge.phrases import phrases_of
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.variables import merged, substitute
from tools.catalogue import built_in_functions

logger = structlog.get_logger(__name__)
LEAST_ENDPOINTING_MS = {"deepgram": 10, "openai": 100, "offline": 100}
"""Recognisers that end a phrase after a silence that can be set, and the shortest they take."""
TAKE_KEYTERMS = frozenset(["deepgram", "deepgram_flux", "openai"])


@dataclass(frozen=True, slots=True)
class CallWishes:
    """What one call says for itself. Empty values leave the agent's own."""

    call_id: str
    direction: str = "inbound"
    caller: str = ""
    callee: str = ""
    first_message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    custom_params: Mapping[str, Any] = field(default_factory=dict)
    record: bool | None = None
    max_duration_s: int | None = None
    machine_detection: bool | None = None
    on_machine: str = ""
    voicemail_message: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedPlan:
    """The plan, the version it was made from, and the variables that nobody gave a value."""

    plan: CallPlan
    agent_version: int
    unknown_variables: tuple[str, ...] = ()


def check_ready(agent: Agent | None, version: int | None = None) -> None:
    """Whether this agent could carry a call now. Raises AgentNotReady."""
    resolve_plan(agent, CallWishes(call_id=""), version)


def resolve_plan(agent: Agent | None, wishes: CallWishes, version: int | None = None) -> ResolvedPlan:
    """The plan of a call. ``version`` pins one; otherwise the published one counts. Raises AgentNotReady."""
    number, config = _config_of(agent, version)
    assert agent is not None
    values = merged(config.get("variables", {}), wishes.custom_params, wishes.variables)
    prompt = substitute(config.get("system_prompt", ""), values)
    first = substitute(wishes.first_message or config.get("first_message", ""), values)
    language = config.get("language", "en")
    providers = _providers_of(agent, config, language)
    transfers = transfers_of(config)
    answering = answering_of(config, wishes, values)
    plan = CallPlan(
        call_id=wishes.call_id,
        direction=wishes.direction,
        caller=wishes.caller,
        callee=wishes.callee,
        mode=config.get("mode", "pipeline"),
        reply_by=config.get("reply_by", "handler"),
        system_prompt=prompt.text,
        first_message=first.text,
        first_speaker=config.get("first_speaker", "agent"),
        language=language,
        stt=providers["stt"],
        llm=providers["llm"],
        tts=providers["tts"],
        fallbacks=_fallbacks_of(agent, config, language),
        tools=built_in_functions(transfers),
        turn_taking=turn_taking_of(
            config.get("turn_taking", {}), wishes.max_duration_s or config.get("max_duration_s")
        ),
        phrases=phrases_of(language, config.get("phrases", {})),
        keypad=Keypad(**config.get("keypad", {})),
        transfers=transfers,
        answering=answering.plan,
        custom_params={name: str(value) for name, value in wishes.custom_params.items()},
        record=config.get("record", True) if wishes.record is None else wishes.record,
    )
    unknown = dict.fromkeys(prompt.unknown + first.unknown + answering.unknown)
    return ResolvedPlan(plan, number, tuple(unknown))


def _config_of(agent: Agent | None, number: int | None) -> tuple[int, dict[str, Any]]:
    if agent is None:
        raise AgentNotReady("no_agent", "No agent answers here. Give the number an agent.")
    if agent.archived_at is not None:
        raise AgentNotReady("agent_archived", f"The agent {agent.name!r} is deleted. Choose another one.")
    version = version_of(agent, number)
    if version is None and number is not None:
        raise AgentNotReady("agent_version_unknown", f"The agent {agent.name!r} has no version {number}.")
    if version is None:
        raise AgentNotReady(
            "agent_not_published", f"The agent {agent.name!r} has only a draft. Publish it to take calls."
        )
    if version.config.get("mode", "pipeline") != "pipeline":
        raise AgentNotReady(
            "mode_unknown", f"The mode {version.config['mode']!r} does not run. Use 'pipeline'."
        )
    return version.number, version.config


def _providers_of(agent: Agent, config: Mapping[str, Any], language: str) -> dict[Role, ProviderSpec | None]:
    stt = _required(agent, config, "stt", "agent_has_no_ears")
    tts = _required(agent, config, "tts", "agent_has_no_voice")
    llm = config.get("llm")
    if config.get("reply_by") == "model":
        llm = _required(agent, config, "llm", "agent_has_no_model")
    if tts and config.get("voice") and not tts.get("voice"):
        tts = {**tts, "voice": config["voice"]}
    specs: dict[Role, ProviderSpec | None] = {
        "stt": _spec(agent, "stt", {"language": language, **_given(stt), "options": _ears(config, stt)}),
        "tts": _spec(agent, "tts", {**_given(tts), "language": language}),
        "llm": _spec(agent, "llm", _given(llm)) if llm else None,
    }
    return specs


def _fallbacks_of(
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


def _ears(config: Mapping[str, Any], stt: Mapping[str, Any]) -> dict[str, Any]:
    """The agent's settings as options of its recogniser, where it has them. Its own options win."""
    options: dict[str, Any] = {}
    if least := LEAST_ENDPOINTING_MS.get(stt["provider"]):
        options["endpointing_ms"] = max(
            least, resolved_values(config.get("turn_taking", {}))["endpointing_ms"]
        )
    if config.get("keyterms") and stt["provider"] in TAKE_KEYTERMS:
        options["keyterms"] = config["keyterms"]
    return {**options, **(stt.get("options") or {})}


def _required(agent: Agent, config: Mapping[str, Any], role: Role, code: str) -> Mapping[str, Any]:
    chosen = config.get(role)
    if not chosen:
        raise AgentNotReady(
            code, f"The agent {agent.name!r} has no {ROLE_NAMES[role]}. Choose a provider under {role!r}."
        )
    return chosen


def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


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
