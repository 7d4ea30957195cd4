"""Keys that a tool's server repeats: neither the model nor anybody who reads of the run learns them. Pure.

A server that shows what it was sent, to help whoever sets it up, shows its headers too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from patter.bridge.discreet import blotted

SECRET_NAME = re.compile(r"auth|key|token|secret|password|cookie|signature", re.IGNORECASE)
"""Headers with such names hold keys. Others hold what the tool's answer may rightly name."""


def secrets_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The keys in a request's headers, without the words before them."""
    values = [value for name, value in headers.items() if SECRET_NAME.search(name)]
    return tuple(dict.fromkeys(word for value in values for word in re.split(r"[\s;,]+", value) if word))


def without(value: Any, secrets: Sequence[str]) -> Any:
    """A JSON value without the secrets in any of its texts."""
    match value:
        case str():
            return blotted(value, secrets)
        case Mapping():
            return {without(name, secrets): without(inner, secrets) for name, inner in value.items()}
        case list():
            return [without(inner, secrets) for inner in value]
        case _:
            return value
