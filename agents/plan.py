"""From an agent and a call's own wishes to the plan that a call machine carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.errors import AgentNotReady
from agents.line_policies import answering_of, handler_policy_of, recording_of, transfers_of
from agents.models import Agent
from agents.selectors import version_of
from agents.specs import fallbacks_of, specs_of
from patter.bridge.keypad import Keypad
from patter.bridge.phrases import phrases_of
from patter.bridge.plan import CallPlan
from patter.tools.builtin import built_in_functions
from patter.tools.spec import ToolSpec
from patter.turn_taking import turn_taking_of
from patter.variables import merged, substitute
from tools.specs import spec_of, tools_named


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
    """The plan, the version it was made from, and the variables that nobody gave a value.

    ``tools`` are those of the organisation: how they are run, keys included.
    """

    plan: CallPlan
    agent_version: int
    tools: tuple[ToolSpec, ...] = field(default=(), repr=False)
    unknown_variables: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    """All values that the call has: the agent's, its custom parameters, its own."""


def check_ready(agent: Agent | None, version: int | None = None) -> None:
    """Whether this agent could carry a call now. Raises AgentNotReady."""
    resolve_plan(agent, CallWishes(call_id=""), version)


def resolve_plan(
    agent: Agent | None,
    wishes: CallWishes,
    version: int | None = None,
    *,
    config: Mapping[str, Any] | None = None,
) -> ResolvedPlan:
    """The plan of a call. ``version`` pins one; otherwise the published one counts. Raises AgentNotReady.

    ``config`` takes the place of a version's: what a call would be like with it.
    """
    number, config = _config_of(agent, version) if config is None else (0, config)
    assert agent is not None
    values = merged(config.get("variables", {}), wishes.custom_params, wishes.variables)
    prompt = substitute(config.get("system_prompt", ""), values)
    first = substitute(wishes.first_message or config.get("first_message", ""), values)
    language = config.get("language", "en")
    named = tools_named(agent.organisation_id, config.get("tools", ()))
    tools = tuple(spec_of(tool, values) for tool in named)
    specs = specs_of(agent, {**config, "variables": values}, language)
    transfers = transfers_of(config)
    answering = answering_of(config, wishes, values)
    record = config.get("record", True) if wishes.record is None else wishes.record
    recording = recording_of(config)
    announcement = substitute(recording.announcement, values)
    plan = CallPlan(
        call_id=wishes.call_id,
        direction=wishes.direction,
        caller=wishes.caller,
        callee=wishes.callee,
        mode=config.get("mode", "pipeline"),
        reply_by=config.get("reply_by", "handler"),
        **handler_policy_of(config),
        system_prompt=prompt.text,
        first_message=first.text,
        first_speaker=config.get("first_speaker", "agent"),
        language=language,
        stt=specs.get("stt"),
        llm=specs.get("llm"),
        tts=specs.get("tts"),
        speech=specs.get("speech"),
        fallbacks=fallbacks_of(agent, config, language),
        tools=[*built_in_functions(transfers), *(tool.as_function() for tool in tools)],
        tool_traits={tool.name: tool.traits() for tool in tools},
        turn_taking=turn_taking_of(
            config.get("turn_taking", {}), wishes.max_duration_s or config.get("max_duration_s")
        ),
        phrases=phrases_of(language, config.get("phrases", {})),
        keypad=Keypad(**config.get("keypad", {})),
        transfers=transfers,
        answering=answering.plan,
        announcement=announcement.text if record else "",
        custom_params={name: str(value) for name, value in wishes.custom_params.items()},
        record=record,
        carrier_records=record and recording.carrier and not recording.from_the_answer,
    )
    unknown = dict.fromkeys(prompt.unknown + first.unknown + answering.unknown + announcement.unknown)
    return ResolvedPlan(plan, number, tools, tuple(unknown), values)


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
    return version.number, version.config
