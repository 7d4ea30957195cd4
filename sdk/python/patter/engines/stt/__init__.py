"""Recognisers, by name."""

from __future__ import annotations

from collections.abc import Callable

from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Stt
from patter.errors import ConfigError


def _deepgram(spec: ProviderSpec) -> Stt:
    from patter.engines.stt.deepgram.link import DeepgramStt

    return DeepgramStt(spec)


def _deepgram_flux(spec: ProviderSpec) -> Stt:
    from patter.engines.stt.deepgram_flux.link import DeepgramFluxStt

    return DeepgramFluxStt(spec)


def _offline(spec: ProviderSpec) -> Stt:
    from patter.engines.stt.offline.link import OfflineStt

    return OfflineStt(spec)


def _openai(spec: ProviderSpec) -> Stt:
    from patter.engines.stt.openai.link import OpenAiStt

    return OpenAiStt(spec)


# Imported when used: a child process or a call with one provider must not load all of them.
FACTORIES: dict[str, Callable[[ProviderSpec], Stt]] = {
    "deepgram": _deepgram,
    "deepgram_flux": _deepgram_flux,
    "offline": _offline,
    "openai": _openai,
}


def open_stt(spec: ProviderSpec) -> Stt:
    """A recogniser for one call. Raises ConfigError when there is no such provider."""
    if (factory := FACTORIES.get(spec.provider)) is None:
        raise ConfigError(f"unknown stt provider {spec.provider!r}; known: {', '.join(sorted(FACTORIES))}")
    return factory(spec)
