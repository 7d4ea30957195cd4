"""Deepgram's addresses, header, options and failures, without I/O.

Source: the vendor's API specification of July 2026 and its troubleshooting pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from patter.bridge.plan import ProviderSpec
from patter.engines.options import key_of
from patter.errors import ConfigError

PROVIDER = "deepgram"
BASE_URL = "wss://api.deepgram.com"
ERROR_HEADER = "dg-error"
"""Present on refused upgrades, with the reason."""

PHONE_AUDIO = (("encoding", "mulaw"), ("sample_rate", "8000"))

Pair = tuple[str, str]
Option = Callable[[str, Any], list[Pair]]
"""Name and value as configured, to query parameters. Raises ConfigError."""

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_SUFFIX = re.compile(r"(/+v[12](/+(listen|speak))?)*/*$")


def endpoint(base_url: str | None, path: str, query: Iterable[Pair]) -> str:
    """The socket's address. ``base_url`` may be http or ws, with or without the path. Raises ConfigError."""
    given = (base_url or BASE_URL).strip()
    parts = urlsplit(given if "://" in given else f"wss://{given}")
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not parts.hostname:
        raise ConfigError("deepgram's base URL is not an http or ws address")
    root = _SUFFIX.sub("", parts.path)
    return f"{scheme}://{parts.netloc}{root}{path}?{urlencode(list(query))}"


def headers(spec: ProviderSpec) -> dict[str, str]:
    """The key as a header. Raises ConfigError when there is none."""
    key = key_of(spec, PROVIDER)
    if not key:
        raise ConfigError("deepgram needs an API key")
    return {"Authorization": f"Token {key}"}


def is_permanent(code: int, reason: str) -> bool:
    """Whether the same would be refused again: bad data, not a timeout or a fault of theirs."""
    return code in (1002, 1003, 1007, 1008, 1009) or "DATA-" in reason


def parsed(message: str | bytes) -> Mapping[str, Any]:
    """A text message as an object; empty when it is none."""
    try:
        data = json.loads(message)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def said(data: Mapping[str, Any]) -> str:
    """The provider's words in an ``Error`` message."""
    for name in ("description", "message", "err_msg", "reason"):
        if isinstance(text := data.get(name), str) and text:
            code = data.get("code") or data.get("variant")
            return f"{code}: {text}" if isinstance(code, str) and code else text
    return "an error without a description"


# -- options ----------------------------------------------------------------------------------


def whole(least: int, most: int, parameter: str = "") -> Option:
    """A whole number, such as milliseconds."""
    return number(least, most, parameter, whole_only=True)


def number(least: float, most: float, parameter: str = "", *, whole_only: bool = False) -> Option:
    def option(name: str, value: Any) -> list[Pair]:
        kinds = int if whole_only else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            raise ConfigError(f"deepgram's option {name!r} is a number from {least} to {most}, not {value!r}")
        return [(parameter or name, f"{value:g}" if isinstance(value, float) else str(value))]

    return option


def flag(name: str, value: Any) -> list[Pair]:
    if not isinstance(value, bool):
        raise ConfigError(f"deepgram's option {name!r} is true or false, not {value!r}")
    return [(name, "true" if value else "false")]


def text(name: str, value: Any) -> list[Pair]:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"deepgram's option {name!r} is a text, not {value!r}")
    return [(name, value.strip())]


def texts(parameter: str) -> Option:
    """A list; the parameter is repeated for each."""

    def option(name: str, value: Any) -> list[Pair]:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
            raise ConfigError(f"deepgram's option {name!r} is a list of texts, not {value!r}")
        return [(parameter, item.strip()) for item in items if item.strip()]

    return option


def query_of(given: Mapping[str, Any], known: Mapping[str, Option]) -> list[Pair]:
    """Options as query parameters; an option that is None is left to the provider. Raises ConfigError."""
    pairs: list[Pair] = []
    for name, value in given.items():
        if name not in known:
            raise ConfigError(f"deepgram has no option {name!r} here; known: {', '.join(sorted(known))}")
        if value is not None:
            pairs += known[name](name, value)
    return pairs
