"""Custom parameters of a call: what carriers can take along, the same for both. Pure.

Outbound, one that no carrier could take is an error that names it, before anybody is phoned. Inbound it is
left out: refusing a caller for it would be worse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from patter.errors import ConfigError

MOST_PARAMS = 50
MOST_CHARS = 500
"""Name and value together stay under this (Twilio's ``<Parameter>``)."""
HEADER_NAME = re.compile(r"[Xx]-[A-Za-z0-9!%'*+._`~-]{1,60}")
"""Those named ``X-…`` go to the callee's telephone system as SIP headers, at Telnyx."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def param_problem(name: str, value: str) -> str | None:
    """What is wrong with one parameter; None: nothing."""
    shown = repr(name[:40])
    if not name.strip() or _CONTROL.search(name):
        return f"{shown}: a name is printable text, and not empty."
    if len(name) + len(value) >= MOST_CHARS:
        return f"{shown}: name and value stay under {MOST_CHARS} characters together."
    if _UNPRINTABLE.search(value):
        return f"{shown}: a value is text without control characters."
    if name.lower().startswith("x-"):
        if not HEADER_NAME.fullmatch(name):
            return f"{shown}: a name that begins with X- is a SIP header, with letters, digits and -._ only."
        if _CONTROL.search(value):
            return f"{shown}: the value of a SIP header is one line."
    return None


def params_problem(params: Mapping[str, str]) -> str | None:
    """What is wrong with all of them together; None: nothing."""
    if len(params) > MOST_PARAMS:
        return f"A call has at most {MOST_PARAMS} custom parameters, not {len(params)}."
    return None


def as_text(value: str | int | float | bool) -> str:
    """A parameter's value as it travels: a truth value as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def texts_of(given: Mapping[Any, Any]) -> dict[str, str]:
    """Parameters as texts. Raises ConfigError for what is no text, number or truth value."""
    for name, value in given.items():
        if not isinstance(value, str | int | float):
            kind = type(value).__name__
            raise ConfigError(
                f"custom_params: {str(name)[:40]!r} is a text, a number or a truth value, not {kind}."
            )
    return {str(name): as_text(value) for name, value in given.items()}


def check_params(params: Mapping[str, str]) -> None:
    """Raises ConfigError with the first problem."""
    problems = [params_problem(params), *(param_problem(name, value) for name, value in params.items())]
    for problem in filter(None, problems):
        raise ConfigError(f"custom_params: {problem}")


def taken_along(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What of a caller's parameters is kept: the first ones that have no problem."""
    good = {name: value for name, value in given if param_problem(name, value) is None}
    return dict(list(good.items())[:MOST_PARAMS])
