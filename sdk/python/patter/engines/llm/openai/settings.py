"""What an agent chose about its model, read once and checked."""

from __future__ import annotations

from typing import Any

from patter.bridge.plan import ProviderSpec
from patter.engines import options as read
from patter.engines.catalogue.openai import least_effort
from patter.engines.llm.openai.wire import Settings

PLAIN = ("tool_choice", "stop", "service_tier", "verbosity", "response_format", "seed")
"""Options that go into the request as they are."""


def settings_of(spec: ProviderSpec) -> Settings:
    """Options: ``temperature``, ``top_p``, ``max_tokens``, ``reasoning_effort`` ("" sends none),
    ``max_tokens_field``, ``stream_usage``, ``parallel_tool_calls``, those of ``PLAIN``, and ``extra_body``
    for whatever else a server wants. Raises ConfigError.
    """
    given, own = spec.options, spec.provider == "openai"
    model = read.model_of(spec, "llm")
    fields: dict[str, Any] = {
        "temperature": read.number(given, "temperature", 0, 2),
        "top_p": read.number(given, "top_p", 0, 1),
        "reasoning_effort": _effort(spec, model),
    }
    if given.get("max_tokens") is not None:
        # OpenAI's newer models refuse max_tokens; most other servers know nothing else.
        usual = "max_completion_tokens" if own else "max_tokens"
        field = read.text(given, "max_tokens_field") or usual
        fields[field] = read.whole(given, "max_tokens", 1, 1, 1_000_000)
    fields |= {name: given.get(name) for name in PLAIN}
    fields = {name: value for name, value in fields.items() if value is not None}
    parallel = given.get("parallel_tool_calls")
    return Settings(
        model=model,
        fields={**fields, **read.mapping(given, "extra_body")},
        stream_usage=read.flag(given, "stream_usage", True),
        parallel_tool_calls=None if parallel is None else read.flag(given, "parallel_tool_calls", True),
    )


def _effort(spec: ProviderSpec, model: str) -> str | None:
    if "reasoning_effort" in spec.options:
        return read.text(spec.options, "reasoning_effort")
    return least_effort(model) if spec.provider == "openai" else None
