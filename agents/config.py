"""An agent's configuration: what POST and PATCH take, what a version freezes.

Validation says what to change. What cannot run today is refused here with a sentence, so that an
agent never promises on the page what the phone does not do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from agents.modes import MODES
from agents.providers import ROLE_NAMES, Role, providers_for
from agents.turn_taking import BOUNDS, PRESETS, SWITCHES, WHOLE_NUMBERS
from patter.bridge.keypad import DIGITS
from patter.tools.builtin import NAMES as BUILT_IN
from patter.variables import NAME
from patter_site.common.serializers import PlainValuesField, StrictSerializer

MAX_PROMPT_CHARS = 50_000
MAX_MESSAGE_CHARS = 2_000
MOST_FALLBACKS = 3
MAX_KEYTERMS = 100
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
    """A preset, and single values that win over it. Bounds: ``agents/turn_taking.py``."""

    preset = serializers.ChoiceField(choices=list(PRESETS), required=False)

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


class AgentConfigSerializer(StrictSerializer):
    """The whole configuration. Every field has a default but the name."""

    name = serializers.CharField(max_length=120)
    mode = serializers.CharField(
        default="pipeline",
        help_text="`pipeline`: speech recognition, language model and voice of your choice; `realtime`: one "
        "OpenAI Realtime model that hears and speaks.",
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
    convai_agent_id = serializers.CharField(default=None, allow_null=True, max_length=100)
    tools = serializers.ListField(child=serializers.CharField(), default=list)
    transfer_targets = serializers.ListField(child=serializers.DictField(), default=list)
    turn_taking = TurnTakingField(default=dict)
    phrases = PhrasesField(default=dict)
    keypad = KeypadField(default=dict)
    keyterms = serializers.ListField(
        child=serializers.CharField(max_length=100),
        default=list,
        max_length=MAX_KEYTERMS,
        help_text="Names and words that speech recognition should expect.",
    )
    policies = serializers.DictField(default=dict)
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
        return _not_yet(value, "It belongs to the mode 'convai', which does not run yet.")

    def validate_tools(self, names: list[str]) -> list[str]:
        unknown = [name for name in names if name not in BUILT_IN]
        if unknown:
            raise serializers.ValidationError(
                f"There is no tool {unknown[0]!r}. Every agent already has: {', '.join(BUILT_IN)}."
            )
        return names

    def validate_transfer_targets(self, targets: list[Any]) -> list[Any]:
        return _not_yet(targets, "Transfers are not available yet; leave the list empty.")

    def validate(self, config: dict[str, Any]) -> dict[str, Any]:
        MODES[config.get("mode", "pipeline")].check(config)
        return config

    def validate_policies(self, policies: dict[str, Any]) -> dict[str, Any]:
        return _not_yet(policies, "There are no policies to set yet; leave the object empty.")


def validated_config(data: Mapping[str, Any]) -> dict[str, Any]:
    """A complete configuration. Raises DRF's ValidationError with one entry per wrong field."""
    serializer = AgentConfigSerializer(data=dict(data))
    serializer.is_valid(raise_exception=True)
    return _plain(serializer.validated_data)


def _not_yet(value: Any, sentence: str) -> Any:
    if value:
        raise serializers.ValidationError(sentence)
    return value


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
