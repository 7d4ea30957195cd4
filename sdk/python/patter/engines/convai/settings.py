"""What a call tells the ElevenLabs agent at its beginning, from the call's plan. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.bridge.plan import CallPlan, ProviderSpec
from patter.engines import options as read
from patter.engines.convai.wire import Initiation
from patter.errors import ConfigError

CALL_VARIABLE = "secret__patter_call"
"""The dynamic variable that becomes a header of ElevenLabs' requests for replies. ``secret__`` keeps it
out of prompts."""
OWN_VARIABLES = ("patter_call_id", "patter_caller", "patter_callee", "patter_direction")
_PLACE = re.compile(rf"\{{(?=\{{)(?!\{{\s*(?:system__\w+|{'|'.join(OWN_VARIABLES)})\s*\}}\}})")
"""Two braces, where ElevenLabs would look for a variable: but for those of its own, and of ours."""


@dataclass(frozen=True, slots=True)
class ConvaiSettings:
    """``call_token`` proves a request for this call's replies; empty where the vendor's model replies."""

    agent_id: str
    voice: str = ""
    call_token: str = field(default="", repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict)


def settings_of(spec: ProviderSpec, *, call_token: str = "") -> ConvaiSettings:
    """Options: ``agent_id`` (required), ``dynamic_variables``, ``call_token``. Raises ConfigError."""
    agent_id = read.text(spec.options, "agent_id")
    if not agent_id:
        raise ConfigError("convai needs the id of an ElevenLabs agent: set convai_agent_id")
    variables = read.mapping(spec.options, "dynamic_variables")
    wrong = [name for name, value in variables.items() if not isinstance(value, str | int | float | bool)]
    if wrong:
        raise ConfigError(f"dynamic variable {wrong[0]!r} is a text, a number, true or false")
    token = call_token or read.text(spec.options, "call_token") or ""
    return ConvaiSettings(agent_id, spec.voice or "", token, variables)


def initiation_of(plan: CallPlan, settings: ConvaiSettings, *, again: bool, notice: str = "") -> Initiation:
    """The first message of a conversation; ``again``: the call goes on in a new one, and greets nobody.

    ``notice`` is said before anything else. Only what Patter was told is overridden: an empty prompt or first
    message leaves the agent's own.
    """
    agent: dict[str, Any] = {}
    if plan.reply_by == "model" and plan.system_prompt.strip():
        agent["prompt"] = {"prompt": _without_places(plan.system_prompt)}
    greeting = plan.first_message.strip()
    silent = again or bool(greeting and plan.first_speaker == "caller")
    first = " ".join(filter(None, (notice, "" if silent else greeting)))
    if first or silent:  # whoever has nothing to say waits for the caller
        agent["first_message"] = _without_places(first)
    overrides: dict[str, Any] = {"agent": agent} if agent else {}
    if settings.voice:
        overrides["tts"] = {"voice_id": settings.voice}
    return Initiation(overrides, _variables(plan, settings))


def _variables(plan: CallPlan, settings: ConvaiSettings) -> dict[str, Any]:
    own = dict(zip(OWN_VARIABLES, (plan.call_id, plan.caller, plan.callee, plan.direction), strict=True))
    secret = {CALL_VARIABLE: settings.call_token} if settings.call_token else {}
    return {**plan.custom_params, **settings.variables, **own, **secret}


def _without_places(text: str) -> str:
    """The variables are in it already. What a value looks like is no variable: ElevenLabs would put in the
    value of another one, or refuse the conversation where there is none of that name."""
    return _PLACE.sub("{ ", text)
