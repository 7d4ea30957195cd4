"""An agent's configuration: what POST and PATCH take, what a version freezes.

Validation says what to change. What cannot run today is refused here with a sentence, so that an
agent never promises on the page what the phone does not do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from agents.line_policies import transfers_of
from agents.modes import MODES
from agents.providers import ROLE_NAMES, Role, providers_for
from patter.bridge.keypad import DIGITS
from patter.bridge.transfers import KINDS
from patter.engines import silero
from patter.tools.builtin import NAMES as BUILT_IN
from patter.turn_taking import BOUNDS, CHOICES, PRESETS, SWITCHES, WHOLE_NUMBERS
from patter.variables import NAME
from patter_site.accounts.models import Organisation
from patter_site.common.e164 import NotANumber, checked_e164
from patter_site.common.serializers import PlainValuesField, StrictSerializer
from tools.specs import tools_named

MAX_PROMPT_CHARS = 50_000
MAX_MESSAGE_CHARS = 2_000
MOST_FALLBACKS = 3
MAX_KEYTERMS = 100
ON_MACHINE = [
    ("leave_message", "Leave Message"),
    ("hang_up", "Hang Up"),
    ("continue", "Continue"),
    ("ask", "Ask"),
]
HANDLER_POLICIES = ("goodbye", "model", "transfer")
CONVAI_AGENT_ID = re.compile(r"[A-Za-z0-9_-]+")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class ProviderField(StrictSerializer):
    """Which provider, with which settings. Keys live in provider credentials, never here."""

    role: Role

    provider = serializers.CharField(max_length=40)
    model = serializers.CharField(max_length=100, required=False, allow_null=True)
    options = serializers.DictField(required=False)

    def validate_provider(self, name: str) -> str:
        possible = [provider.name for provider in providers_for(self.role)]
        if name not in possible:
            raise serializers.ValidationError(
                f"{name!r} cannot be used for the {ROLE_NAMES[self.role]}. Possible: {', '.join(possible)}."
            )
        return name


class SttField(ProviderField):
    role: Role = "stt"
    language = serializers.CharField(max_length=20, required=False, allow_null=True)


class LlmField(ProviderField):
    role: Role = "llm"


class TtsField(ProviderField):
    role: Role = "tts"
    voice = serializers.CharField(max_length=100, required=False, allow_null=True)


class TurnTakingField(StrictSerializer):
    """A preset, and single values that win over it. Bounds: ``patter/turn_taking.py``."""

    preset = serializers.ChoiceField(choices=list(PRESETS), required=False)
    voice_detector = serializers.ChoiceField(
        choices=list(CHOICES["voice_detector"]),
        required=False,
        help_text="In pipeline mode: loudness alone, or loudness and a model that tells speech from noise.",
    )

    def validate_voice_detector(self, name: str) -> str:
        if name == silero.SILERO and not silero.is_installed():
            raise serializers.ValidationError(silero.NOT_INSTALLED)
        return name

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            **super().get_fields(),
            **{name: _bounded(name) for name in BOUNDS},
            **{name: serializers.BooleanField(required=False) for name in SWITCHES},
        }


class PhrasesField(StrictSerializer):
    """What the system itself says, in the agent's language."""

    apology = serializers.CharField(max_length=500, required=False)
    retry = serializers.CharField(max_length=500, required=False)
    idle = serializers.CharField(max_length=500, required=False)
    goodbye = serializers.CharField(max_length=500, required=False)
    transfer = serializers.CharField(max_length=500, required=False, help_text="Said before a transfer.")
    transfer_failed = serializers.CharField(
        max_length=500, required=False, help_text="Said when a transfer did not come about."
    )
    filler = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Said when an answer takes long."
    )


class KeypadField(StrictSerializer):
    """Several keys as one entry: ended by the number of digits, the finish key or a pause."""

    collect = serializers.BooleanField(required=False, help_text="Without it each key is a turn at once.")
    max_digits = serializers.IntegerField(required=False, min_value=1, max_value=100)
    finish = serializers.ChoiceField(
        choices=[*sorted(DIGITS), ""], required=False, help_text="It is not part of the entry."
    )
    pause_ms = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=int(BOUNDS["keypad_pause_ms"].lowest),
        max_value=int(BOUNDS["keypad_pause_ms"].highest),
    )


class FallbacksField(StrictSerializer):
    """Who goes on when a stage's own provider fails, in order. Each is given like the stage itself."""

    stt = serializers.ListField(child=SttField(), required=False, max_length=MOST_FALLBACKS)
    llm = serializers.ListField(child=LlmField(), required=False, max_length=MOST_FALLBACKS)
    tts = serializers.ListField(child=TtsField(), required=False, max_length=MOST_FALLBACKS)


class TransferTargetField(StrictSerializer):
    """Somebody to whom the agent may give a caller."""

    name = serializers.CharField(max_length=60, help_text="As the model and the page call them.")
    number = serializers.CharField(max_length=20, help_text="E.164.")
    kind = serializers.ChoiceField(
        choices=list(KINDS),
        default="cold",
        help_text="`cold` connects at once; `warm` tells the human a summary first, and waits for their yes.",
    )
    description = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="For the model: when to transfer there."
    )
    ring_s = serializers.IntegerField(default=30, min_value=5, max_value=120)

    def validate_number(self, number: str) -> str:
        return _e164(number)


class TransferPolicyField(StrictSerializer):
    """Numbers beside the targets to which callers may be transferred, by how they begin."""

    prefixes = serializers.ListField(
        child=serializers.RegexField(
            r"^\+[1-9][0-9]{1,14}$", error_messages={"invalid": "Give a prefix such as +4930."}
        ),
        default=list,
        max_length=50,
        help_text="Such as `+4930`. A prefix does not mean the premium services, satellites and networks of "
        "no country that begin with it: `+44` does not allow `+449…`. Those need a target, or a prefix of "
        "their own such as `+449`.",
    )


class MachinePolicyField(StrictSerializer):
    """What is done when a machine answers a call of ours. A call's own wishes win."""

    detect = serializers.BooleanField(required=False, help_text="Listen for machines on every call.")
    on_machine = serializers.ChoiceField(choices=ON_MACHINE, required=False)
    message = serializers.CharField(
        max_length=MAX_MESSAGE_CHARS, required=False, allow_blank=True, help_text="Left after the beep."
    )
    introduction = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="What a call screening service is told: who calls, and why.",
    )


class RecordingPolicyField(StrictSerializer):
    """How calls are recorded, beside `record`, and for how long recordings are kept."""

    carrier = serializers.BooleanField(
        required=False, help_text="Have the carrier record both sides too, from the answer to the end."
    )
    announcement = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="Said first in every call that is recorded. Nothing interrupts it.",
    )
    days = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=3650, help_text="Kept so long."
    )


class HandlerPolicyField(StrictSerializer):
    """What becomes of a call whose handler failed three times running."""

    lost = serializers.ChoiceField(
        choices=HANDLER_POLICIES,
        required=False,
        help_text="`goodbye` (default), `model`: the model of `llm` goes on, `transfer`: to `transfer_to`. "
        "In the mode `realtime` the model that goes on is the Realtime model itself.",
    )
    transfer_to = serializers.CharField(
        max_length=100, required=False, help_text="One of the transfer targets, or a number that is allowed."
    )


class PoliciesField(StrictSerializer):
    """What the agent may do, and what it does in situations that are not a conversation."""

    handler = HandlerPolicyField(required=False)
    transfer = TransferPolicyField(required=False)
    machines = MachinePolicyField(required=False)
    recording = RecordingPolicyField(required=False)


class AgentConfigSerializer(StrictSerializer):
    """The whole configuration. Every field has a default but the name."""

    name = serializers.CharField(max_length=120)
    mode = serializers.CharField(
        default="pipeline",
        help_text="`pipeline`: speech recognition, language model and voice of your choice; `realtime`: one "
        "OpenAI Realtime model that hears and speaks; `convai`: an ElevenLabs agent that hears and speaks.",
    )
    reply_by = serializers.ChoiceField(
        choices=["handler", "model"],
        default="handler",
        help_text="`handler`: your own `on_message`; `model`: the language model of `llm`.",
    )
    system_prompt = serializers.CharField(default="", allow_blank=True, max_length=MAX_PROMPT_CHARS)
    first_message = serializers.CharField(default="", allow_blank=True, max_length=MAX_MESSAGE_CHARS)
    first_speaker = serializers.ChoiceField(choices=["agent", "caller"], default="agent")
    language = serializers.CharField(default="en", max_length=20)
    voice = serializers.CharField(default=None, allow_null=True, max_length=100)
    variables = PlainValuesField(default=dict, max_chars=MAX_MESSAGE_CHARS)
    stt = SttField(default=None, allow_null=True)
    llm = LlmField(default=None, allow_null=True)
    tts = TtsField(default=None, allow_null=True)
    convai_agent_id = serializers.CharField(
        default=None,
        allow_null=True,
        max_length=100,
        help_text="The ElevenLabs agent of the mode `convai`. `/agents/{id}/convai/provision` makes one.",
    )
    tools = serializers.ListField(
        child=serializers.CharField(max_length=64),
        default=list,
        max_length=64,
        help_text="Names or ids of tools. `end_call` and `transfer_call` every agent has already.",
    )
    transfer_targets = serializers.ListField(child=TransferTargetField(), default=list, max_length=50)
    turn_taking = TurnTakingField(default=dict)
    phrases = PhrasesField(default=dict)
    keypad = KeypadField(default=dict)
    keyterms = serializers.ListField(
        child=serializers.CharField(max_length=100),
        default=list,
        max_length=MAX_KEYTERMS,
        help_text="Names and words that speech recognition should expect.",
    )
    policies = PoliciesField(default=dict)
    fallbacks = FallbacksField(default=dict)
    record = serializers.BooleanField(default=True)
    max_duration_s = serializers.IntegerField(
        default=None,
        allow_null=True,
        min_value=int(BOUNDS["max_duration_s"].lowest),
        max_value=int(BOUNDS["max_duration_s"].highest),
    )

    def validate_mode(self, mode: str) -> str:
        if mode not in MODES:
            raise serializers.ValidationError(f"{mode!r} is not a mode. Use one of: {', '.join(MODES)}.")
        return mode

    def validate_language(self, language: str) -> str:
        if not LANGUAGE.fullmatch(language):
            raise serializers.ValidationError("Give a language tag such as 'en' or 'de-CH'.")
        return language

    def validate_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        wrong = [name for name in variables if not NAME.fullmatch(name)]
        if wrong:
            raise serializers.ValidationError(
                f"{wrong[0]!r} cannot be a variable: use letters, digits and _, beginning with a letter."
            )
        return variables

    def validate_convai_agent_id(self, value: str | None) -> str | None:
        if value and not CONVAI_AGENT_ID.fullmatch(value):
            raise serializers.ValidationError(
                "This is not the id of an ElevenLabs agent, which consists of letters, digits, - and _."
            )
        return value or None

    def validate_tools(self, given: list[str]) -> list[str]:
        """Names, also of tools that were given by id."""
        organisation = self.context.get("organisation")
        own = tools_named(organisation, given) if organisation is not None else []
        known = {name: name for name in BUILT_IN}
        known |= {word: tool.name for tool in own for word in (tool.name, tool.pk)}
        unknown = [name for name in given if name not in known]
        if unknown:
            raise serializers.ValidationError(
                f"There is no tool {unknown[0]!r}. Every agent already has: {', '.join(BUILT_IN)}."
            )
        return list(dict.fromkeys(known[name] for name in given))

    def validate_transfer_targets(self, targets: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = [target["name"].casefold() for target in targets]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise serializers.ValidationError(f"Two targets have the name {twice!r}.")
        return targets

    def validate(self, config: dict[str, Any]) -> dict[str, Any]:
        MODES[config.get("mode", "pipeline")].check(config)
        _check_handler_policy(config)
        return config


def _check_handler_policy(config: Mapping[str, Any]) -> None:
    """Whoever is to go on must be there. Raises ValidationError."""
    policy = config.get("policies", {}).get("handler", {})
    mode = config.get("mode", "pipeline")
    if policy.get("lost") == "model" and mode != "realtime" and not config.get("llm"):
        raise serializers.ValidationError({"policies": ["The model that goes on is chosen under 'llm'."]})
    if policy.get("lost") != "transfer":
        return
    target = policy.get("transfer_to", "")
    refusal = "Name one of the transfer targets as transfer_to."
    if not target or transfers_of(config).find(target) is None:
        raise serializers.ValidationError({"policies": [refusal]})


def validated_config(data: Mapping[str, Any], organisation: Organisation | None = None) -> dict[str, Any]:
    """A complete configuration. Raises DRF's ValidationError with one entry per wrong field.

    Without ``organisation`` there are no tools but those that are built in.
    """
    serializer = AgentConfigSerializer(data=dict(data), context={"organisation": organisation})
    serializer.is_valid(raise_exception=True)
    return _plain(serializer.validated_data)


def _e164(number: str) -> str:
    try:
        return checked_e164(number)
    except NotANumber as error:
        raise serializers.ValidationError(str(error)) from None


def _bounded(name: str) -> serializers.Field[Any, Any, Any, Any]:
    bound = BOUNDS[name]
    if name in WHOLE_NUMBERS:
        return serializers.IntegerField(
            required=False, min_value=int(bound.lowest), max_value=int(bound.highest)
        )
    return serializers.FloatField(required=False, min_value=bound.lowest, max_value=bound.highest)


def _plain(value: Any) -> Any:
    """Validated data without the ordered dictionaries of the serializers, as JSON keeps it."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
