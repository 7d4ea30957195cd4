"""Models that have ended, or end soon."""

from __future__ import annotations

from datetime import date

from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue import Model, models_of

WARN_DAYS = 90
"""A model that ends sooner than this is worth a sentence to its user."""


def warnings_for(spec: ProviderSpec, today: date, kind: str | None = None) -> list[str]:
    """Sentences for the user of this spec: its model has ended, or ends soon."""
    kinds = [kind] if kind else ["stt", "llm", "tts", "realtime", "convai"]
    chosen = {spec.model, spec.voice} - {None}
    return [
        _warning(model, date.fromisoformat(model.ends_on), today)
        for each in kinds
        for model in models_of(spec.provider, each)
        if model.ends_on
        and (model.id in chosen or (not chosen and model.default))
        and (date.fromisoformat(model.ends_on) - today).days <= WARN_DAYS
    ]


def _warning(model: Model, ends_on: date, today: date) -> str:
    verb = "ended on" if ends_on <= today else "ends on"
    return f"{model.provider} {model.id} {verb} {ends_on.isoformat()}. {model.note}".strip()
