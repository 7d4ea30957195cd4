"""Providers that hear and speak over one socket, by name."""

from __future__ import annotations

from collections.abc import Callable

from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import SpeechSocket
from patter.errors import ConfigError


def _openai(spec: ProviderSpec) -> SpeechSocket:
    from patter.engines.realtime.link import RealtimeLink

    return RealtimeLink(spec)


# Imported when used: a call with one provider must not load all of them.
FACTORIES: dict[str, Callable[[ProviderSpec], SpeechSocket]] = {"openai": _openai}


def open_speech(spec: ProviderSpec) -> SpeechSocket:
    """A socket for one connection. Raises ConfigError when there is no such provider."""
    if (factory := FACTORIES.get(spec.provider)) is None:
        raise ConfigError(f"unknown speech provider {spec.provider!r}; known: {', '.join(sorted(FACTORIES))}")
    return factory(spec)
