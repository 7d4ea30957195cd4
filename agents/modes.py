"""The voice modes that an agent can have: how each is told to people, and what it asks of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from agents.providers import providers_for
from patter.bridge.plan import ProviderSpec
from patter.engines.realtime.settings import settings_of
from patter.errors import ConfigError

Config = Mapping[str, Any]


def _anything(config: Config) -> None:
    """Its parts are checked one by one."""


def check_realtime(config: Config) -> None:
    """Whether ``llm`` names somebody who can do it, and its options are known. Raises ValidationError."""
    chosen = config.get("llm")
    if not chosen:
        return
    possible = [provider.name for provider in providers_for("realtime")]
    if chosen["provider"] not in possible:
        sentence = (
            f"{chosen['provider']!r} cannot be used in the mode 'realtime'. Possible: {', '.join(possible)}."
        )
        raise ValidationError({"llm": {"provider": [sentence]}})
    options = chosen.get("options") or {}
    try:
        settings_of(ProviderSpec(chosen["provider"], model=chosen.get("model"), options=options))
    except ConfigError as error:
        raise ValidationError({"llm": {"options": [f"{str(error)[:1].upper()}{str(error)[1:]}."]}}) from None


@dataclass(frozen=True, slots=True)
class Mode:
    """``about``: in which ways it differs, for whoever chooses. ``check`` raises ValidationError."""

    label: str | Promise
    about: tuple[str | Promise, ...]
    check: Callable[[Config], None] = _anything


MODES: dict[str, Mode] = {
    "pipeline": Mode(
        _("Pipeline: speech recognition, model and voice of your choice"),
        (
            _("Every provider can be combined and has fallbacks; replies are spoken word for word."),
            _("A cough pauses the agent, and it goes on; only real words interrupt it."),
        ),
    ),
    "realtime": Mode(
        _("Realtime: one OpenAI model that hears and speaks"),
        (
            _("Quick and natural. OpenAI decides when a turn ends; any voice interrupts, without resuming."),
            _("With your own program, answers wait for a transcript and are not read out word for word."),
            _("The language model chosen below is the Realtime model; speech recognition is not used."),
            _("A voice provider, if one is chosen, says the apology when OpenAI is down."),
        ),
        check_realtime,
    ),
    "convai": Mode(
        _("ElevenLabs: one of your ElevenLabs agents, which hears and speaks"),
        (
            _("ElevenLabs decides when a turn ends; any speech interrupts, without resuming."),
            _("The ElevenLabs agent is set up once, on the tab “ElevenLabs” of a saved draft."),
            _("With your own program, ElevenLabs asks this installation for each reply, from the internet."),
            _("With a model, it is the ElevenLabs agent's. It says our own phrases nearly word for word."),
            _("A voice provider, if one is chosen, says the apology when ElevenLabs is down."),
        ),
    ),
}
