"""Models that answer, by name."""

from __future__ import annotations

from collections.abc import Callable

from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Llm
from patter.errors import ConfigError


def _offline(spec: ProviderSpec) -> Llm:
    from patter.engines.llm.offline.link import RulesLlm

    return RulesLlm(spec)


def _openai(spec: ProviderSpec) -> Llm:
    from patter.engines.llm.openai.link import OpenAiLlm

    return OpenAiLlm(spec)


# Imported when used: a child process or a call with one provider must not load all of them.
FACTORIES: dict[str, Callable[[ProviderSpec], Llm]] = {
    "offline": _offline,
    "openai": _openai,
    "openai_compatible": _openai,
}


def open_llm(spec: ProviderSpec) -> Llm:
    """A model for one call. Raises ConfigError when there is no such provider."""
    if (factory := FACTORIES.get(spec.provider)) is None:
        raise ConfigError(f"unknown llm provider {spec.provider!r}; known: {', '.join(sorted(FACTORIES))}")
    return factory(spec)
