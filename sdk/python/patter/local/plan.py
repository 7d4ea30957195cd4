"""From an agent and a call's own wishes to the plan that a call machine carries out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from patter.bridge.answering import AnsweringPlan
from patter.bridge.keypad import DIGITS, Keypad
from patter.bridge.phrases import phrases_of
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.bridge.transfers import KINDS, TransferPolicy, TransferTarget
from patter.carriers.params import check_params, texts_of
from patter.engines import silero
from patter.errors import ConfigError
from patter.local.specs import Keys, convai_specs, pipeline_specs, realtime_specs
from patter.local.tools import Toolbox, read_tools
from patter.options import BY_CARRIER, CallOptions, checked_number
from patter.turn_taking import BALANCED, BOUNDS, CHOICES, PRESETS, SWITCHES, resolved_values, turn_taking_of
from patter.types import Agent
from patter.variables import merged, substitute

logger = logging.getLogger("patter")
ON_MACHINE = ("leave_message", "hang_up", "continue", "ask")

SPECS_OF_MODE: dict[str, Callable[..., dict[str, ProviderSpec | None]]] = {
    "pipeline": pipeline_specs,
    "realtime": realtime_specs,
    "convai": convai_specs,
}
"""Which providers a voice mode needs."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call when it begins."""

    call_id: str
    direction: str = "inbound"
    caller: str = ""
    callee: str = ""
    custom_params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordingWish:
    """How calls are recorded. ``by``: True, by us; ``"carrier"``; False, not unless a call says so itself."""

    by: bool | str = False
    announcement: str = ""

    def of_call(self, wish: bool | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """The plan's part of it. ``wish`` is the call's own word, or None."""
        recorded = bool(self.by) if wish is None else wish
        by_carrier = recorded and self.by == BY_CARRIER
        return {
            "record": recorded and not by_carrier,
            "carrier_records": by_carrier,
            "announcement": substitute(self.announcement, values).text if recorded else "",
        }


def plan_of(
    agent: Agent,
    facts: CallFacts,
    keys: Keys,
    *,
    reply_by: str,
    recording: RecordingWish | None = None,
    wishes: CallOptions | None = None,
) -> CallPlan:
    """The plan of one call. Raises ConfigError, with what to change."""
    mode = agent.resolved_mode
    if mode not in SPECS_OF_MODE:
        raise ConfigError(f"The mode {mode!r} does not run here. Use one of: {', '.join(SPECS_OF_MODE)}.")
    longest_s = wishes.max_duration_s if wishes is not None else None
    turn_taking = turn_taking_of(checked_turn_taking(agent.turn_taking), longest_s)
    wishes = wishes or CallOptions(to=facts.callee)
    values = variables_of(agent, facts, wishes)
    agent = replace(agent, variables=values)
    specs: dict[str, Any] = {**SPECS_OF_MODE[mode](agent, keys, reply_by=reply_by)}
    first = wishes.first_message or agent.first_message
    recording = recording or RecordingWish()
    recorded = recording.of_call(wishes.record, values)
    announcement = recording.announcement if recorded["announcement"] else ""
    _warn_of_unknown((agent.system_prompt, first, wishes.voicemail_message or "", announcement), values)
    toolbox = toolbox_of(agent, values)
    return CallPlan(
        call_id=facts.call_id,
        direction=facts.direction,
        caller=facts.caller,
        callee=facts.callee,
        mode=mode,
        reply_by=reply_by,
        system_prompt=substitute(agent.system_prompt, values).text,
        first_message=substitute(first, values).text,
        first_speaker=agent.first_speaker,
        language=agent.language,
        **specs,
        turn_taking=turn_taking,
        phrases=phrases_of(agent.language, _checked_phrases(agent.phrases)),
        keypad=_keypad(agent.keypad),
        custom_params=facts.custom_params,
        **recorded,
        tools=toolbox.functions(),
        tool_traits=toolbox.traits(),
        transfers=toolbox.policy,
        answering=_answering(agent, wishes, values),
    )


def toolbox_of(agent: Agent, values: Mapping[str, Any]) -> Toolbox:
    """The agent's tools, built-in ones included, and to whom it may transfer. Raises ConfigError."""
    policy = TransferPolicy(tuple(_target(one) for one in agent.transfer_targets))
    return read_tools(agent.tools, values, policy)


def variables_of(agent: Agent, facts: CallFacts, wishes: CallOptions | None) -> dict[str, Any]:
    """What the agent says, then the call's custom parameters, then its own variables."""
    own = wishes.variables if wishes is not None else None
    return merged(agent.variables, facts.custom_params, own or {})


def _warn_of_unknown(templates: Iterable[str], values: Mapping[str, Any]) -> None:
    unknown = [name for template in templates for name in substitute(template, values).unknown]
    for name in dict.fromkeys(unknown):
        logger.warning("A variable has no value and stays as it was written: {%s}", name)


def _answering(agent: Agent, wishes: CallOptions, values: Mapping[str, Any]) -> AnsweringPlan:
    """A message for machines implies that they are listened for."""
    message = substitute(wishes.voicemail_message or "", values).text
    detect = bool(wishes.machine_detection or message or wishes.on_machine)
    on_machine = wishes.on_machine or ("leave_message" if message else "continue")
    if on_machine not in ON_MACHINE:
        raise ConfigError(f"on_machine is one of {', '.join(ON_MACHINE)}, not {on_machine!r}.")
    if on_machine == "leave_message" and not message:
        raise ConfigError("on_machine='leave_message' needs a voicemail_message.")
    waits = resolved_values(agent.turn_taking)
    return AnsweringPlan(
        detect,
        on_machine,
        message,
        beep_wait_s=float(waits["beep_wait_s"]),
        screening_wait_s=float(waits["screening_wait_s"]),
    )


def _target(given: Any) -> TransferTarget:
    """A number, or a dict with number, and name, kind, description, ring_s. Raises ConfigError."""
    if isinstance(given, str):
        number = checked_number("a transfer target", given)
        return TransferTarget(number, number)
    try:
        target = TransferTarget(**{"name": given["number"], **given})
    except (TypeError, KeyError):
        raise ConfigError(
            "A transfer target is a number, or a dict with number, name, kind, description and ring_s."
        ) from None
    if target.kind not in KINDS:
        raise ConfigError(f"A transfer is cold or warm, not {target.kind!r}.")
    return replace(target, number=checked_number("a transfer target", target.number))


def checked_turn_taking(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings, each known and within its bounds. Raises ConfigError."""
    for name, value in given.items():
        if name == "preset":
            if value not in PRESETS:
                raise ConfigError(f"turn_taking preset is one of {', '.join(PRESETS)}; {BALANCED} is usual.")
        elif name in SWITCHES:
            if not isinstance(value, bool):
                raise ConfigError(f"turn_taking {name} is True or False.")
        elif name in CHOICES:
            if value not in CHOICES[name]:
                raise ConfigError(f"turn_taking {name} is one of {', '.join(CHOICES[name])}.")
            if value == silero.SILERO and not silero.is_installed():
                raise ConfigError(silero.NOT_INSTALLED)
        elif (bound := BOUNDS.get(name)) is None:
            known = ", ".join([*BOUNDS, *SWITCHES, *CHOICES])
            raise ConfigError(f"turn_taking has no {name!r}. It has: {known}.")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"turn_taking {name} is a number.")
        elif not bound.lowest <= value <= bound.highest:
            raise ConfigError(f"turn_taking {name} is {bound.lowest:g} to {bound.highest:g}, not {value:g}.")
    return given


def checked_params(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Custom parameters as texts. Raises ConfigError with the one that no carrier could take along."""
    params = texts_of(given or {})
    check_params(params)
    return params


def _checked_phrases(given: Mapping[str, str]) -> Mapping[str, str]:
    try:
        phrases_of("en", given)
    except TypeError:
        raise ConfigError(f"phrases has a name that is not known among {', '.join(given)}.") from None
    for name, text in given.items():
        if not isinstance(text, str):
            raise ConfigError(f"phrases {name} is a text, not {type(text).__name__}.")
    return given


def _keypad(given: Mapping[str, Any]) -> Keypad:
    try:
        keypad = Keypad(**given)
    except TypeError:
        raise ConfigError("keypad takes collect, max_digits, finish and pause_ms.") from None
    if keypad.finish and keypad.finish not in DIGITS:
        raise ConfigError(f"keypad finish is one key, not {keypad.finish!r}.")
    return keypad
