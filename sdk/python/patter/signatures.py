"""Whether the user's functions can be called as they will be, seen before anybody calls."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, Literal

from patter.errors import ConfigError

Place = Literal["", "second", "named"]
"""Where a handler takes the call: nowhere, as its second argument, or under the name ``call``."""

CALL = "call"
HANDLER = "on_message"


def call_place(handler: Callable[..., Any]) -> Place:
    """Where the handler wants the call.

    As its second argument where its second parameter has no default or is named ``call``; under its name
    where a later or keyword-only parameter is named so. Any other one with a default is the user's own.
    """
    signature = _signature(handler)
    if signature is None:
        return ""
    parameters = list(signature.parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(positional) > 1 and (positional[1].default is positional[1].empty or positional[1].name == CALL):
        return "second"
    named = (p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
    return "named" if any(p.name == CALL for p in named if p not in positional[:1]) else ""


def check_handler(handler: Callable[..., Any]) -> None:
    """Raises ConfigError where it cannot be called with a message, and perhaps the call."""
    match call_place(handler):
        case "second":
            _check(HANDLER, "the message and the call", handler, None, None)
        case "named":
            _check(HANDLER, "the message and the call", handler, None, call=None)
        case _:
            _check(HANDLER, "the message", handler, None)


def check_callback(name: str, callback: Callable[..., Any]) -> None:
    """Raises ConfigError where it cannot be called with one dictionary."""
    _check(name, "one argument, a dict", callback, None)


def check_ready(on_ready: Any) -> None:
    """Raises ConfigError where it is no function, or wants to be given something."""
    if not callable(on_ready):
        raise ConfigError(f"on_ready is a function, not {type(on_ready).__name__}.")
    _check("on_ready", "nothing", on_ready)


def _check(name: str, given: str, function: Callable[..., Any], *args: None, **named: None) -> None:
    signature = _signature(function)
    if signature is None:
        return
    try:
        signature.bind(*args, **named)
    except TypeError as error:
        raise ConfigError(f"{name} is called with {given}, and does not take that: {error}.") from None


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    """None for what is built in and does not say. Types that only a type checker knows are left alone."""
    try:
        if sys.version_info >= (3, 14):
            from annotationlib import Format

            return inspect.signature(function, annotation_format=Format.FORWARDREF)
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
