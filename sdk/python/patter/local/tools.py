"""The tools of an agent in local mode: what ``agent(tools=[…])`` takes, as a call knows it.

Built-in ones are every agent's. The others need the extra ``tools``, which checks what models send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from patter.bridge.plan import ToolTraits
from patter.bridge.transfers import TransferPolicy
from patter.errors import ConfigError
from patter.tools.builtin import NAMES, built_in_functions
from patter.tools.requests import (
    body_with_variables,
    headers_with_variables,
    url_with_variables,
    variables_in_host,
)
from patter.tools.spec import NAME, ToolContext, ToolSpec

if TYPE_CHECKING:
    from patter.tools.runner import Tools

OWN_FIELDS = (
    "name", "description", "parameters", "headers", "body", "secret", "timeout_s", "wait_s", "effects",
    "background",
)  # fmt: skip
"""What a tool's dict may say, beside ``webhook_url``."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one call: what its model is told of them, and who runs them."""

    specs: tuple[ToolSpec, ...]
    policy: TransferPolicy

    def functions(self) -> list[dict[str, Any]]:
        """In the shape that chat models take, the built-in ones first."""
        return [*built_in_functions(self.policy), *(spec.as_function() for spec in self.specs)]

    def traits(self) -> dict[str, ToolTraits]:
        return {spec.name: spec.traits() for spec in self.specs}

    def runner(self, context: ToolContext) -> Tools | None:
        """Runs them for one call; None where there are none. Addresses are the developer's own: no guard."""
        if not self.specs:
            return None
        from patter.tools.direct import local_tools

        return local_tools(self.specs, context)


def read_tools(given: Sequence[Any], values: Mapping[str, Any], policy: TransferPolicy) -> Toolbox:
    """The tools of a call, with its variables put in. Raises ConfigError, with what to change."""
    if given and find_spec("jsonschema") is None:
        raise ConfigError("Tools need one more package: pip install './sdk/python[tools]'.")
    specs = tuple(_with_variables(_read(one), values) for one in given)
    names = [spec.name for spec in specs]
    for name in names:
        if name in NAMES:
            raise ConfigError(f"The tool {name!r} is built in. Give yours another name.")
        if names.count(name) > 1:
            raise ConfigError(f"There are two tools with the name {name!r}.")
    return Toolbox(specs, policy)


def _read(given: Any) -> ToolSpec:
    """A webhook as a dict, a plain function, or a ToolSpec."""
    if isinstance(given, ToolSpec):
        return given
    if isinstance(given, Mapping):
        return _webhook(given)
    if callable(given):
        return _function(given)
    raise ConfigError(f"A tool is a dict with a webhook_url, or a function, not {type(given).__name__}.")


def _function(given: Callable[..., Any]) -> ToolSpec:
    from patter.tools.functions import tool

    return tool(given)


def _webhook(given: Mapping[str, Any]) -> ToolSpec:
    from patter.tools.schema import SchemaRefused, check_schema

    name, url = str(given.get("name", "")), str(given.get("webhook_url", ""))
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} cannot be a tool's name: use letters, digits and _, up to 64.")
    if unknown := set(given) - {*OWN_FIELDS, "webhook_url"}:
        known = ", ".join(OWN_FIELDS)
        raise ConfigError(f"The tool {name!r} has no {min(unknown)!r}. It has: webhook_url, {known}.")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or variables_in_host(url):
        raise ConfigError(f"The tool {name!r} needs a webhook_url, an http(s) address whose host is fixed.")
    spec = ToolSpec(**{"url": url, **{key: given[key] for key in OWN_FIELDS if key in given}})
    try:
        check_schema(spec.parameters)
    except SchemaRefused as refused:
        raise ConfigError(f"The parameters of the tool {name!r}: {refused}") from None
    return spec


def _with_variables(spec: ToolSpec, values: Mapping[str, Any]) -> ToolSpec:
    return replace(
        spec,
        url=url_with_variables(spec.url, values),
        headers=headers_with_variables(spec.headers, values),
        body=body_with_variables(spec.body, values),
    )
