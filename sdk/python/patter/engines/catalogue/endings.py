"""Models that have ended, or end soon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from patter.bridge.plan import CallPlan, ProviderSpec
from patter.engines.catalogue import Model, models_of

WARN_DAYS = 90
"""A model that ends sooner than this is worth a sentence to its user."""
STAGES = ("stt", "llm", "tts")
Choice = tuple[str, ProviderSpec]
"""A kind of work, and who does it."""


def warnings_for(spec: ProviderSpec, today: date, kind: str | None = None) -> list[str]:
    """Sentences for the user of this spec: its model has ended, or ends soon."""
    kinds = [kind] if kind else [*STAGES, "realtime", "convai"]
    return [
        _warning(model, date.fromisoformat(model.ends_on), today)
        for each in kinds
        for model in _used(spec, each)
        if model.ends_on and (date.fromisoformat(model.ends_on) - today).days <= WARN_DAYS
    ]


def warnings_of(choices: Iterable[Choice], today: date) -> list[str]:
    """Sentences for the user of an agent, each once."""
    said = (sentence for kind, spec in choices for sentence in warnings_for(spec, today, kind))
    return list(dict.fromkeys(said))


def choices_of(plan: CallPlan) -> list[Choice]:
    """Everybody who may work for a call."""
    choices = [(stage, spec) for stage in STAGES for spec in plan.chain(stage)]
    return choices + speech_choices(plan.mode, plan.speech) if plan.speech else choices


def speech_choices(mode: str, speech: ProviderSpec) -> list[Choice]:
    """Who hears and speaks in the mode realtime or convai, and who writes down what Realtime hears."""
    choices: list[Choice] = [(mode, speech)]
    if model := speech.options.get("transcription_model"):
        choices.append(("stt", ProviderSpec(speech.provider, model=str(model))))
    return choices


def _used(spec: ProviderSpec, kind: str) -> list[Model]:
    """What is listed of the choice. At some providers a voice is a model; at others it stands beside one."""
    listed = models_of(spec.provider, kind)
    chosen = [model for model in listed if model.id in (spec.model, spec.voice)]
    if chosen or spec.model is not None:
        return chosen
    return [model for model in listed if model.default]


def _warning(model: Model, ends_on: date, today: date) -> str:
    verb = "ended on" if ends_on <= today else "ends on"
    return f"{model.provider} {model.id} {verb} {ends_on.isoformat()}. {model.note}".strip()
