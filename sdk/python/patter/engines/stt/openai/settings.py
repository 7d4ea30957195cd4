"""What an agent chose about its recogniser, read once and checked."""

from __future__ import annotations

from patter.bridge.plan import ProviderSpec
from patter.engines import options as read
from patter.engines.stt.openai.utterances import Limits
from patter.engines.stt.openai.wire import Settings

TAKES_KEYWORDS = ("gpt-transcribe",)
"""How the ids of models begin that know ``keywords``; the others refuse it."""


def settings_of(spec: ProviderSpec) -> Settings:
    """Options: ``prompt``, ``temperature`` (0 to 1), ``keyterms``. Raises ConfigError."""
    model = read.model_of(spec, "stt")
    keyterms = read.texts(spec.options, "keyterms")
    return Settings(
        model=model,
        language=_language(spec.language),
        prompt=read.text(spec.options, "prompt"),
        temperature=read.number(spec.options, "temperature", 0, 1),
        keywords=keyterms if model.startswith(TAKES_KEYWORDS) else (),
    )


def limits_of(spec: ProviderSpec) -> Limits:
    """Options: ``endpointing_ms`` (100 to 3000), ``min_voiced_ms`` (0 to 1000). Raises ConfigError."""
    usual = Limits()
    return Limits(
        endpointing_ms=read.whole(spec.options, "endpointing_ms", usual.endpointing_ms, 100, 3000),
        min_voiced_ms=read.whole(spec.options, "min_voiced_ms", usual.min_voiced_ms, 0, 1000),
    )


def _language(given: str | None) -> str | None:
    # It takes "en" and not "en-GB"; "multi" is another provider's word for no language at all.
    code = (given or "").lower().replace("_", "-").split("-")[0]
    return code if len(code) in (2, 3) else None
