"""Voices, by name."""

from __future__ import annotations

from collections.abc import Callable

from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Tts
from patter.errors import ConfigError


def _deepgram(spec: ProviderSpec) -> Tts:
    from patter.engines.tts.deepgram.link import DeepgramTts

    return DeepgramTts(spec)


def _elevenlabs(spec: ProviderSpec) -> Tts:
    from patter.engines.tts.elevenlabs.link import ElevenLabsTts

    return ElevenLabsTts(spec)


def _offline(spec: ProviderSpec) -> Tts:
    from patter.engines.tts.offline.link import OfflineTts

    return OfflineTts(spec)


def _openai(spec: ProviderSpec) -> Tts:
    from patter.engines.tts.openai.link import OpenAiTts

    return OpenAiTts(spec)


# Imported when used: a child process or a call with one provider must not load all of them.
FACTORIES: dict[str, Callable[[ProviderSpec], Tts]] = {
    "deepgram": _deepgram,
    "elevenlabs": _elevenlabs,
    "offline": _offline,
    "openai": _openai,
}


def open_tts(spec: ProviderSpec) -> Tts:
    """A voice for one call. Raises ConfigError when there is no such provider."""
    if (factory := FACTORIES.get(spec.provider)) is None:
        raise ConfigError(f"unknown tts provider {spec.provider!r}; known: {', '.join(sorted(FACTORIES))}")
    return factory(spec)
