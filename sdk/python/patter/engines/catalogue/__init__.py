"""Which models and voices exist, what they cost, and when they end. Data; ``endings.py`` warns of it.

A provider's models are a module of this package with a tuple ``MODELS``. A model that is not listed may
still work: providers add models faster than anybody can list them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec


@dataclass(frozen=True, slots=True)
class Model:
    """One model or voice.

    Args:
        provider: its name in the registries.
        kind: stt, llm, tts, realtime or convai.
        id: as the provider's API wants it.
        default: what a spec without a model gets.
        languages: BCP-47 codes; ``multi`` detects the language.
        ends_on: ISO date from which the provider refuses it.
        note: for whom it is, or what replaces it.
        price_usd: list price for one ``price_unit``; None where it could not be verified.
        price_unit: minute, 1k_characters, 1m_input_tokens, 1m_output_tokens.
    """

    provider: str
    kind: str
    id: str
    default: bool = False
    languages: tuple[str, ...] = ("en",)
    ends_on: str | None = None
    note: str = ""
    price_usd: float | None = None
    price_unit: str = ""


def models_of(provider: str, kind: str) -> Sequence[Model]:
    """The listed models of a provider; empty when nothing is listed."""
    name = f"{__name__}.{provider.split('_')[0]}"
    if not provider.isidentifier() or find_spec(name) is None:
        return ()
    listed: Sequence[Model] = import_module(name).MODELS
    return [model for model in listed if (model.provider, model.kind) == (provider, kind)]


def default_model(provider: str, kind: str, language: str | None = None) -> str:
    """The id to use when none was chosen. Raises LookupError when the provider has no default."""
    wanted = (language or "en").lower().split("-")[0]
    defaults = [model for model in models_of(provider, kind) if model.default]
    for model in defaults:
        if wanted in model.languages:
            return model.id
    if not defaults:
        raise LookupError(f"no default {kind} model for {provider}")
    return defaults[0].id
