"""Which models of an agent have ended or end soon: sentences for its pages and its API. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from agents.specs import REALTIME_PROVIDER
from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue.endings import STAGES, Choice, speech_choices, warnings_of


def ending_models(config: Mapping[str, Any], today: date) -> list[str]:
    """One sentence for each; ``config`` may be a draft, of which much is still to be chosen."""
    return warnings_of(_choices_of(config), today)


def _choices_of(config: Mapping[str, Any]) -> list[Choice]:
    mode = config.get("mode", "pipeline")
    stages = STAGES if mode == "pipeline" else ("tts",)
    chosen: list[Choice] = [(stage, _spec(config[stage])) for stage in stages if config.get(stage)]
    if mode == "realtime":
        chosen += speech_choices(mode, _spec(config.get("llm") or {"provider": REALTIME_PROVIDER}))
    elif mode == "convai" and config.get("llm"):  # goes on where the handler is lost
        chosen.append(("llm", _spec(config["llm"])))
    behind = [(stage, _spec(each)) for stage, given in config.get("fallbacks", {}).items() for each in given]
    return chosen + behind


def _spec(chosen: Mapping[str, Any]) -> ProviderSpec:
    return ProviderSpec(
        chosen["provider"],
        model=chosen.get("model"),
        voice=chosen.get("voice"),
        options=chosen.get("options") or {},
    )
