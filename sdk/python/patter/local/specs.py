"""Which providers carry a call: what the agent says, else what there are keys for."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from patter.bridge.plan import ProviderSpec
from patter.engines.agent_options import ears_options, realtime_options
from patter.engines.realtime.settings import settings_of
from patter.engines.speech import FACTORIES
from patter.errors import ConfigError
from patter.local.environment import BASE_URLS
from patter.options import LocalOptions
from patter.types import Agent
from patter.variables import text_of

EXTRAS = {"offline": ("offline-voice", ("pocketsphinx", "espeakng_loader"))}
"""A provider that needs packages: the extra that brings them, and what it brings."""


class Keys:
    """The keys and addresses of providers, from the options and the environment."""

    def __init__(self, options: LocalOptions, environment: Mapping[str, str]) -> None:
        self._keys = {
            "openai": options.openai_key,
            "deepgram": options.deepgram_key,
            "elevenlabs": options.elevenlabs_key,
        }
        self._base_urls = {
            provider: environment[name] for provider, name in BASE_URLS.items() if name in environment
        }

    def has(self, provider: str) -> bool:
        return bool(self._keys.get(provider))

    def first(self, *providers: str) -> str:
        """The first that there is a key for, or empty."""
        return next((provider for provider in providers if self.has(provider)), "")

    def complete(self, spec: ProviderSpec) -> ProviderSpec:
        """With its key and address, where the agent gave none. Raises ConfigError where it needs one."""
        account = spec.provider.removesuffix("_flux")
        key = spec.api_key or self._keys.get(account) or None
        if key is None and account in self._keys:
            raise ConfigError(f"{spec.provider} needs a key: Patter({account}_key='…').")
        _check_extra(spec.provider)
        base_url = spec.base_url or self._base_urls.get(account)
        return replace(spec, api_key=key, base_url=base_url)


def _check_extra(provider: str) -> None:
    extra, modules = EXTRAS.get(provider, ("", ()))
    if any(find_spec(module) is None for module in modules):
        raise ConfigError(
            f"The provider {provider!r} needs more packages: install the extra {extra!r} "
            f"(pip install './sdk/python[{extra}]')."
        )


def pipeline_specs(agent: Agent, keys: Keys, *, reply_by: str) -> dict[str, ProviderSpec | None]:
    """Ears, model and voice. Raises ConfigError, with what to give."""
    return {
        "stt": _ears(agent, keys),
        "llm": model_spec(agent, keys) if reply_by == "model" else None,
        "tts": _voice(agent, keys),
    }


def _ears(agent: Agent, keys: Keys) -> ProviderSpec:
    spec = agent.stt.spec() if agent.stt else ProviderSpec(keys.first("deepgram", "openai"))
    if not spec.provider:
        raise ConfigError(
            "The agent needs speech recognition: stt=Patter.deepgram(api_key='…') or a deepgram_key."
        )
    options = ears_options(spec.provider, spec.options, agent.turn_taking, agent.keyterms)
    spec = replace(spec, language=spec.language or agent.language, options=options)
    return keys.complete(spec)


def model_spec(agent: Agent, keys: Keys) -> ProviderSpec:
    """The language model that answers. Raises ConfigError."""
    spec = agent.llm.spec() if agent.llm else ProviderSpec(keys.first("openai"))
    if not spec.provider:
        raise ConfigError(
            "Nobody would answer: give on_message=…, the agent llm=LlmConfig(…), or Patter an openai_key for "
            "OpenAI's model."
        )
    return keys.complete(replace(spec, model=spec.model or agent.model))


def _voice(agent: Agent, keys: Keys) -> ProviderSpec:
    spec = agent.tts.spec() if agent.tts else ProviderSpec(keys.first("elevenlabs", "openai", "deepgram"))
    if not spec.provider:
        raise ConfigError("The agent needs a voice: tts=Patter.elevenlabs(api_key='…') or an elevenlabs_key.")
    return keys.complete(replace(spec, voice=spec.voice or agent.voice, language=agent.language))


def realtime_specs(agent: Agent, keys: Keys, *, reply_by: str) -> dict[str, ProviderSpec | None]:
    """The model that hears and speaks, and who says the system's phrases when it cannot: nobody has to.

    Raises ConfigError.
    """
    spec = agent.llm.spec() if agent.llm else ProviderSpec("openai")
    options = realtime_options(spec.options, agent.turn_taking, agent.keyterms)
    spec = replace(
        spec, model=spec.model or agent.model, voice=agent.voice, language=agent.language, options=options
    )
    spare = keys.complete(replace(agent.tts.spec(), language=agent.language)) if agent.tts else None
    return {"speech": _checked_realtime(keys.complete(spec)), "tts": spare}


def _checked_realtime(spec: ProviderSpec) -> ProviderSpec:
    """What cannot work is said before anybody is phoned, and not when they have answered."""
    if spec.provider not in FACTORIES:
        raise ConfigError(f"{spec.provider!r} has no Realtime models. Use one of: {', '.join(FACTORIES)}.")
    try:
        settings_of(spec)
    except ConfigError as error:
        raise ConfigError(f"The agent's llm cannot work in the mode 'realtime': {error}.") from None
    return spec


def convai_specs(agent: Agent, keys: Keys, *, reply_by: str) -> dict[str, ProviderSpec | None]:
    """The ElevenLabs agent, and a token with which it proves that it asks for this call's replies."""
    if not agent.convai_agent_id:
        raise ConfigError("The mode 'convai' needs an ElevenLabs agent: agent(convai_agent_id='agent_…').")
    options = {
        "agent_id": agent.convai_agent_id,
        "dynamic_variables": {
            name: _plain(value) for name, value in agent.variables.items() if value is not None
        },
        "call_token": secrets.token_urlsafe(24) if reply_by == "handler" else "",
    }
    spec = ProviderSpec("elevenlabs", voice=agent.voice, language=agent.language, options=options)
    spare = keys.complete(replace(agent.tts.spec(), language=agent.language)) if agent.tts else None
    return {"speech": keys.complete(spec), "tts": spare}


def _plain(value: Any) -> str | int | float | bool:
    """As ElevenLabs takes it. What is no plain value is a text, as in a prompt."""
    numeric = isinstance(value, int | float) and math.isfinite(value)
    return value if numeric or isinstance(value, str) else text_of(value)
