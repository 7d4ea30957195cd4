"""Reads a provider's key and options, and says what is wrong with one while the agent is set up. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue import default_model
from patter.errors import ConfigError


def key_of(spec: ProviderSpec, name: str) -> str:
    """The key, without blanks at its ends; empty where there is none. ``name``: the provider's, for people.

    Raises ConfigError for characters that no key has: a line's end would end the header it is sent in.
    """
    key = (spec.api_key or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"{name}'s API key has characters that no key has")
    return key


def model_of(spec: ProviderSpec, kind: str) -> str:
    """The chosen model, or the provider's default. Raises ConfigError where there is none."""
    if spec.model:
        return spec.model
    try:
        return default_model(spec.provider, kind, spec.language)
    except LookupError:
        raise ConfigError(f"{spec.provider} needs a model: it has no default for {kind}") from None


def number(options: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    """A number within its limits, or None where nothing was given. Raises ConfigError."""
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ConfigError(f"option {name!r} is a number from {least:g} to {most:g}, not {value!r}")
    return value


def whole(options: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    """A whole number within its limits. Raises ConfigError."""
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigError(f"option {name!r} is a whole number from {least} to {most}, not {value!r}")
    return value


def text(options: Mapping[str, Any], name: str) -> str | None:
    """A text that is not empty, or None. Raises ConfigError."""
    value = options.get(name)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"option {name!r} is a text, not {value!r}")
    return value or None


def flag(options: Mapping[str, Any], name: str, default: bool) -> bool:
    """True or false. Raises ConfigError."""
    value = options.get(name, default)
    if not isinstance(value, bool):
        raise ConfigError(f"option {name!r} is true or false, not {value!r}")
    return value


def texts(options: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts, perhaps empty. Raises ConfigError."""
    value = options.get(name) or ()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"option {name!r} is a list of texts, not {value!r}")
    return tuple(value)


def mapping(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object, perhaps empty. Raises ConfigError."""
    value = options.get(name) or {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"option {name!r} is an object, not {value!r}")
    return dict(value)
