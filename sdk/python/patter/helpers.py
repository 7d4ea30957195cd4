"""The static helpers of ``Patter``: which provider, with which key. They only return configuration."""

from __future__ import annotations

from typing import Any

from patter.errors import ConfigError
from patter.types import SttConfig, TtsConfig


def deepgram(api_key: str, language: str = "en", *, model: str | None = None, **options: Any) -> SttConfig:
    """Speech recognition by Deepgram. A model that begins with ``flux`` is served by Flux."""
    provider = "deepgram_flux" if model and model.startswith("flux") else "deepgram"
    return SttConfig(provider, _key("Deepgram", api_key), model, _given(options), language=language)


def whisper(api_key: str, language: str = "en", *, model: str | None = None, **options: Any) -> SttConfig:
    """Speech recognition by OpenAI."""
    return SttConfig("openai", _key("OpenAI", api_key), model, _given(options), language=language)


def elevenlabs(
    api_key: str, voice: str | None = None, *, model: str | None = None, **options: Any
) -> TtsConfig:
    """A voice of ElevenLabs: a voice's id, or the name of one of its stock voices."""
    return TtsConfig("elevenlabs", _key("ElevenLabs", api_key), model, _given(options), voice=voice)


def openai_tts(
    api_key: str, voice: str | None = None, *, model: str | None = None, **options: Any
) -> TtsConfig:
    """A voice of OpenAI."""
    return TtsConfig("openai", _key("OpenAI", api_key), model, _given(options), voice=voice)


def _key(provider: str, api_key: str) -> str:
    if not isinstance(api_key, str) or not api_key.strip():
        raise ConfigError(f"{provider} needs an API key.")
    return api_key.strip()


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
