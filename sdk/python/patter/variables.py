"""``{name}`` in a prompt or a first message becomes the value of the variable ``name``.

A name that nobody gave a value stays in the text as it was written, and is reported. Values are
inserted as they are: braces inside a value are never expanded, so a caller's name cannot pull in
another variable. ``sdk/contract/substitution.json`` binds both languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Substituted:
    """The finished text, and the names in it that have no value (each once, in order)."""

    text: str
    unknown: tuple[str, ...] = ()


def substitute(template: str, values: Mapping[str, Any]) -> Substituted:
    """Put the values into the template. A value of None counts as not given."""
    unknown: dict[str, None] = {}

    def fill(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if value is None:
            unknown[match[1]] = None
            return match[0]
        return text_of(value)

    return Substituted(_PLACE.sub(fill, template), tuple(unknown))


def names_in(template: str) -> tuple[str, ...]:
    """The variables that a template asks for, each once, in order."""
    return tuple(dict.fromkeys(_PLACE.findall(template)))


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Several sets of variables as one; a later layer wins over an earlier one."""
    return {name: value for layer in layers for name, value in layer.items()}


def text_of(value: Any) -> str:
    """A value as it is spoken: the same text in Python and in TypeScript."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
