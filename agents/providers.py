"""The providers that an agent can use, in one table: for what, what they need, and where they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from patter_site.common.provider_urls import provider_base_url

Role = Literal["stt", "llm", "tts", "realtime", "convai"]
ROLE_NAMES: dict[Role, str] = {
    "stt": "speech recognition",
    "llm": "language model",
    "tts": "voice",
    "realtime": "mode 'realtime'",
    "convai": "mode 'convai'",
}


@dataclass(frozen=True, slots=True)
class Provider:
    """``setting`` names the setting with its base address.

    ``credential`` names the provider whose stored key it uses, where that is not its own.
    """

    name: str
    label: str
    roles: tuple[Role, ...]
    needs_key: bool = True
    needs_base_url: bool = False
    setting: str = ""
    credential: str = ""


PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (
        Provider("deepgram", "Deepgram", ("stt", "tts"), setting="PATTER_DEEPGRAM_BASE_URL"),
        Provider(
            "deepgram_flux",
            "Deepgram Flux",
            ("stt",),
            setting="PATTER_DEEPGRAM_BASE_URL",
            credential="deepgram",
        ),
        Provider("elevenlabs", "ElevenLabs", ("tts", "convai"), setting="PATTER_ELEVENLABS_BASE_URL"),
        Provider("openai", "OpenAI", ("stt", "llm", "tts", "realtime"), setting="PATTER_OPENAI_BASE_URL"),
        Provider(
            "openai_compatible", "OpenAI-compatible server", ("llm",), needs_key=False, needs_base_url=True
        ),
        Provider("offline", "Built-in, without an account", ("stt", "llm", "tts"), needs_key=False),
    )
}


def providers_for(role: Role) -> list[Provider]:
    """The providers that can do this, for a form's choices and for error sentences."""
    return [provider for provider in PROVIDERS.values() if role in provider.roles]


def credential_providers() -> list[Provider]:
    """The providers for which a key or an address can be stored."""
    return [
        provider
        for provider in PROVIDERS.values()
        if (provider.needs_key or provider.needs_base_url) and not provider.credential
    ]


def base_url_of(provider: Provider, credential_base_url: str = "") -> str | None:
    """Where a provider lives: what the credential says, else the environment; None for one in the box."""
    if credential_base_url:
        return provider_base_url(provider.name, credential_base_url)
    return getattr(settings, provider.setting) if provider.setting else None
