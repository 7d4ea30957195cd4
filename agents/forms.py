"""An agent's form: the fields of its configuration, flat, and back again. What is not on the form stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from agents.config import MAX_MESSAGE_CHARS, MAX_PROMPT_CHARS
from agents.modes import MODES
from agents.providers import Role, providers_for
from patter.tools.builtin import NAMES
from patter.turn_taking import BALANCED, BOUNDS, CHOICES, PRESETS, WHOLE_NUMBERS, resolved_values
from patter_site.common.error_fields import field_sentences

PRESET_NAMES = {
    "quick": _("Quick: answers at once, for short questions"),
    "balanced": _("Balanced"),
    "patient": _("Patient: lets callers think, for long answers and numbers"),
}
DETECTOR_NAMES = {
    "energy": _("Loudness over noise and echo"),
    "silero": _("Loudness, and a model that tells speech from noise"),
}
VALUES: dict[str, tuple[Any, Any]] = {
    "endpointing_ms": (_("Pause that ends a phrase, ms"), _("How long speech recognition waits in silence.")),
    "turn_timeout_ms": (_("Pause that ends a turn, ms"), _("Silence after which the agent takes over.")),
    "max_turn_delay_ms": (_("Longest wait, ms"), _("The agent answers by then, whatever is missing.")),
    "barge_in_confirm_ms": (_("Voice that interrupts, ms"), _("Shorter sounds, such as a cough, do not.")),
    "resume_after_ms": (_("Go on after, ms"), _("When an interruption was none.")),
    "keypad_pause_ms": (_("Pause that ends keys, ms"), _("Keys within it count as one entry.")),
    "filler_after_ms": (_("Say that it works after, ms"), _("While a tool takes its time.")),
    "handler_timeout_s": (_("Wait for your program, s"), _("Then the agent says that something went wrong.")),
    "idle_prompt_s": (_("Ask after silence of, s"), _("“Are you still there?”")),
    "idle_prompts": (_("Ask at most, times"), _("Then the call ends.")),
    "first_message_delay_ms": (_("Wait before the first message, ms"), _("Some lines need a moment.")),
}
LANGUAGES = ("en", "en-GB", "en-US", "de", "de-CH", "es", "fr", "it", "nl", "pl", "pt", "pt-BR")


def _providers(role: Role) -> list[tuple[str, Any]]:
    return [("", _("Platform default")), *((each.name, each.label) for each in providers_for(role))]


def _text(lines: int) -> forms.Textarea:
    return forms.Textarea({"rows": lines})


class AgentForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For you and your colleagues; callers never hear it.")
    )
    first_message = forms.CharField(
        label=_("First message"),
        required=False,
        max_length=MAX_MESSAGE_CHARS,
        widget=_text(2),
        help_text=_("Said as soon as the call is answered. {name} puts in a variable."),
    )
    first_speaker = forms.ChoiceField(
        label=_("Who speaks first"), choices=[("agent", _("The agent")), ("caller", _("The caller"))]
    )
    first_message_interruptible = forms.BooleanField(
        label=_("Callers may interrupt the first message"), required=False
    )
    language = forms.CharField(
        label=_("Language"),
        max_length=20,
        widget=forms.TextInput({"list": "languages", "autocomplete": "off"}),
        help_text=_("A tag such as en or de-CH. It sets recognition and voice."),
    )
    mode = forms.ChoiceField(
        label=_("How it listens and speaks"),
        choices=[(name, mode.label) for name, mode in MODES.items()],
    )
    reply_by = forms.ChoiceField(
        label=_("Who replies"),
        choices=[("model", _("A language model")), ("handler", _("Your own program, through the SDK"))],
        help_text=_("With your own program, connect the SDK; the model and its prompt are then not asked."),
    )
    system_prompt = forms.CharField(
        label=_("System prompt"),
        required=False,
        max_length=MAX_PROMPT_CHARS,
        widget=_text(8),
        help_text=_("What the model is told before every reply: who it is, what it may do, how it speaks."),
    )
    stt_provider = forms.ChoiceField(label=_("Speech recognition"), required=False, choices=_providers("stt"))
    stt_model = forms.CharField(label=_("Recognition model"), required=False, max_length=100)
    llm_provider = forms.ChoiceField(label=_("Language model"), required=False, choices=_providers("llm"))
    llm_model = forms.CharField(label=_("Model name"), required=False, max_length=100)
    tts_provider = forms.ChoiceField(label=_("Voice provider"), required=False, choices=_providers("tts"))
    tts_model = forms.CharField(label=_("Voice model"), required=False, max_length=100)
    voice = forms.CharField(
        label=_("Voice"),
        required=False,
        max_length=100,
        help_text=_("The voice's name or id at its provider."),
    )
    convai_agent_id = forms.CharField(
        label=_("ElevenLabs agent"),
        required=False,
        max_length=100,
        help_text=_(
            "Its id, for the mode ElevenLabs. Leave it empty to have one made, on the tab “ElevenLabs”."
        ),
    )
    record = forms.BooleanField(
        label=_("Record calls"),
        required=False,
        help_text=_("Both sides. Tell callers where the law asks for it."),
    )
    preset = forms.ChoiceField(
        label=_("Manner"),
        choices=[(name, PRESET_NAMES.get(name, name)) for name in PRESETS],
        help_text=_("When the agent takes its turn, and what interrupts it."),
    )
    voice_detector = forms.ChoiceField(
        label=_("Voice detector"),
        required=False,
        choices=[(name, DETECTOR_NAMES.get(name, name)) for name in CHOICES["voice_detector"]],
        help_text=_("In pipeline mode. The model is for callers in noisy places; it does not hear whispers."),
    )

    def __init__(self, *args: Any, tools: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        """``tools``: those that can be chosen, by name, each with what it is for."""
        super().__init__(*args, **kwargs)
        self.fields["tools"] = forms.MultipleChoiceField(
            label=_("Tools"), required=False, choices=tools, widget=forms.CheckboxSelectMultiple
        )
        for name, (label, help_text) in VALUES.items():
            self.fields[name] = _value_field(name, label, help_text)

    @property
    def values(self) -> list[forms.BoundField]:
        """The single values of turn taking, which win over the preset."""
        return [self[name] for name in VALUES]

    @property
    def modes(self) -> list[Any]:
        """What each mode is like, to choose by."""
        return list(MODES.values())

    @property
    def own_values(self) -> bool:
        """Whether the folded values need to be seen: some are set, or wrong."""
        return any(field.errors or field.value() not in (None, "") for field in self.values)

    def take_errors(self, detail: Any) -> None:
        """Put what the service refused under the fields that people see."""
        for name, problems in field_sentences(detail).items():
            known = FIELD_OF.get(name, name.rpartition(".")[2] if name.startswith("turn_taking.") else name)
            self.add_error(known if known in self.fields else None, ValidationError(problems))


FIELD_OF = {
    f"{role}.{part}": f"{role}_{part}" for role in ("stt", "llm", "tts") for part in ("provider", "model")
} | {"turn_taking.preset": "preset", "tts.voice": "voice"}


def _value_field(name: str, label: Any, help_text: Any) -> forms.Field:
    bound = BOUNDS[name]
    kind: Any = forms.IntegerField if name in WHOLE_NUMBERS else forms.FloatField
    default = resolved_values({})[name]
    placeholder = f"{default:g}"
    field: forms.Field = kind(
        label=label,
        required=False,
        min_value=bound.lowest,
        max_value=bound.highest,
        help_text=help_text,
        widget=forms.NumberInput({"placeholder": placeholder, "inputmode": "numeric"}),
    )
    return field


def initial_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as the form shows it."""
    turn_taking = config.get("turn_taking") or {}
    values: dict[str, Any] = {
        "name": config.get("name", ""),
        "first_message": config.get("first_message", ""),
        "first_speaker": config.get("first_speaker", "agent"),
        "first_message_interruptible": turn_taking.get("first_message_interruptible", True),
        "language": config.get("language", "en"),
        "mode": config.get("mode", "pipeline"),
        "reply_by": config.get("reply_by", "model"),
        "system_prompt": config.get("system_prompt", ""),
        "voice": _voice_of(config),
        "convai_agent_id": config.get("convai_agent_id") or "",
        "record": config.get("record", True),
        "preset": turn_taking.get("preset", BALANCED),
        "voice_detector": turn_taking.get("voice_detector", CHOICES["voice_detector"][0]),
        "tools": [name for name in config.get("tools", []) if name not in NAMES],
    }
    for role in ("stt", "llm", "tts"):
        spec = config.get(role) or {}
        values[f"{role}_provider"] = spec.get("provider", "")
        values[f"{role}_model"] = spec.get("model") or ""
    return values | {name: turn_taking.get(name) for name in VALUES}


def _voice_of(config: Mapping[str, Any]) -> str:
    own, spoken = config.get("voice"), (config.get("tts") or {}).get("voice")
    return (spoken or own if config.get("mode", "pipeline") == "pipeline" else own) or ""


def changes_of(values: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """What the form changes in a configuration. Settings that the form does not show are kept."""
    plain = (
        *("name", "first_message", "first_speaker", "language", "mode", "reply_by"),
        *("system_prompt", "record"),
    )
    changes: dict[str, Any] = {name: values[name] for name in plain}
    for name in ("voice", "convai_agent_id"):
        changes[name] = values[name] or None
    built_in = [name for name in config.get("tools", []) if name in NAMES]
    changes["tools"] = [*built_in, *(name for name in values["tools"] if name not in built_in)]
    for role in ("stt", "llm", "tts"):
        changes[role] = _provider_of(role, values, config.get(role) or {})
    changes["turn_taking"] = _turn_taking_of(values, config.get("turn_taking") or {})
    return changes


def _turn_taking_of(values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults that nobody wrote stay unwritten, so that saving what one sees changes nothing."""
    defaults = {
        "preset": BALANCED,
        "voice_detector": CHOICES["voice_detector"][0],
        "first_message_interruptible": True,
    }
    shown = {*VALUES, *defaults}
    kept = {name: value for name, value in before.items() if name not in shown}
    own = {name: values[name] for name in VALUES if values[name] is not None}
    for name, default in defaults.items():
        given = values[name] if values[name] != "" else before.get(name, default)  # not among what was sent
        if name in before or given != default:
            own[name] = given
    return {**kept, **own}


def _provider_of(role: str, values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any] | None:
    provider = values[f"{role}_provider"]
    if not provider:
        return None
    spec: dict[str, Any] = {"provider": provider}
    if before.get("provider") == provider:
        spec = {**before, "provider": provider}
    shown = {"model": values[f"{role}_model"]}
    if role == "tts" and values["mode"] == "pipeline":  # elsewhere the voice is a name at the mode's provider
        shown["voice"] = values["voice"]
    for name, value in shown.items():
        if value or name in spec:
            spec[name] = value or None
    return spec
