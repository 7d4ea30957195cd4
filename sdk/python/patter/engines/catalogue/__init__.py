"""The providers' models as data: which there are, which is the default, and when one is shut down.

A provider changes its models more often than we change code. Nothing else in the engines names one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module

from patter.bridge.plan import ProviderSpec

PROVIDERS = ("deepgram", "elevenlabs", "openai")


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a provider.

    Args:
        kind: stt, llm or tts.
        default: what is taken when an agent names none; one for each provider and kind.
        languages: codes it is made for; empty says that it knows many.
        ends_on: the day it is shut down, as announced.
        note: one sentence for whoever chooses.
    """

    provider: str
    kind: str
    id: str
    default: bool = False
    languages: tuple[str, ...] = ()
    ends_on: date | None = None
    note: str = ""


@cache
def models(provider: str) -> tuple[Model, ...]:
    """All models that are known of a provider; none of a provider that is not in the catalogue."""
    if provider not in PROVIDERS:
        return ()
    try:
        module = import_module(f"patter.engines.catalogue.{provider}")
    except ModuleNotFoundError:
        return ()
    rows: tuple[Model, ...] = module.MODELS
    return rows


def default_model(provider: str, kind: str) -> str | None:
    """What is taken when an agent names no model."""
    return next((row.id for row in models(provider) if row.kind == kind and row.default), None)


def warnings_for(spec: ProviderSpec, today: date) -> list[str]:
    """Sentences about a choice that works now and will not for ever."""
    return [
        f"{row.id} {'was' if row.ends_on <= today else 'will be'} shut down on {row.ends_on}."
        for row in models(spec.provider)
        if row.ends_on is not None and row.id == spec.model
    ]
