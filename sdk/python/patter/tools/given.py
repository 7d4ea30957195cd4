"""Tools as a developer gives them to ``phone.agent(tools=[...])``, made into what a call takes.

Each is a plain function, the result of ``tool(...)``, or a dict: ``{name, description, parameters,
webhook_url}`` for a webhook, ``{name, handler, ...}`` for a function with a schema of its own, ``{mcp_url,
headers, only}`` for the tools of an MCP server. camelCase names mean the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from patter.errors import ConfigError
from patter.tools.builtin import NAMES
from patter.tools.functions import tool
from patter.tools.mcp import McpFailed, McpTool, discover
from patter.tools.requests import (
    body_with_variables,
    headers_with_variables,
    url_with_variables,
    variables_in_host,
)
from patter.tools.schema import SchemaRefused, check_schema
from patter.tools.spec import NAME, NO_PARAMETERS, ToolSpec

_SETTINGS = ("timeout_s", "wait_s", "effects", "idempotent", "background")
_WEBHOOK = ("name", "description", "parameters", "webhook_url", "headers", "body", "secret", *_SETTINGS)
_FUNCTION = ("name", "description", "parameters", "handler", *_SETTINGS)
_MCP = ("mcp_url", "headers", "only", *_SETTINGS)


@dataclasses.dataclass(frozen=True, slots=True)
class McpServer:
    """A server whose tools are asked for before the first call. ``only`` chooses some of them by name."""

    url: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    only: tuple[str, ...] = ()
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


Given = ToolSpec | McpServer


def given_tools(tools: Sequence[Any]) -> list[Given]:
    """Check what was given. Raises ConfigError that names the tool and says what to change."""
    found = [_given(one, index) for index, one in enumerate(tools)]
    names = [one.name for one in found if isinstance(one, ToolSpec)]
    for name in names:
        if name in NAMES:
            raise ConfigError(f"The tool {name!r} is built in: every agent has it. Leave it out.")
        if names.count(name) > 1:
            raise ConfigError(f"There are two tools with the name {name!r}.")
    return found


async def discovered(given: Sequence[Given]) -> list[ToolSpec]:
    """The tools themselves, with those of MCP servers in their place. Raises ConfigError."""
    specs: list[ToolSpec] = []
    for one in given:
        specs += [one] if isinstance(one, ToolSpec) else await _offered(one)
    return specs


def with_variables(spec: ToolSpec, values: Mapping[str, Any]) -> ToolSpec:
    """The tool of one call: its variables put into address, headers and body."""
    return dataclasses.replace(
        spec,
        url=url_with_variables(spec.url, values),
        headers=headers_with_variables(spec.headers, values),
        body=body_with_variables(spec.body, values),
    )


def _given(one: Any, index: int) -> Given:
    if isinstance(one, ToolSpec):
        return one
    if isinstance(one, Mapping):
        fields = {_snake(str(name)): value for name, value in one.items()}
        if "mcp_url" in fields:
            return _mcp(fields)
        return _function(fields) if "handler" in fields else _webhook(fields, index)
    if callable(one):
        return tool(one)
    told = f"not {type(one).__name__}, as tools[{index}] is"
    raise ConfigError(f"A tool is a function, or a dict with a webhook_url or an mcp_url, {told}.")


def _webhook(fields: Mapping[str, Any], index: int) -> ToolSpec:
    name = str(fields.get("name") or f"tools[{index}]")
    _known(name, fields, _WEBHOOK)
    url = str(fields.get("webhook_url") or "")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"The tool {name!r} needs a webhook_url that begins with https://, or a handler.")
    if names := variables_in_host(url):
        raise ConfigError(f"The tool {name!r}: {{{names[0]}}} stands before the path, but the host is fixed.")
    return ToolSpec(
        url=url,
        headers=dict(fields.get("headers") or {}),
        body=dict(fields.get("body") or {}),
        secret=str(fields.get("secret") or ""),
        **_described(name, fields),
        **_settings(fields),
    )


def _function(fields: Mapping[str, Any]) -> ToolSpec:
    function: Callable[..., Any] = fields["handler"]
    if not callable(function):
        raise ConfigError(f"The handler of the tool {fields.get('name')!r} is not a function.")
    name = str(fields.get("name") or getattr(function, "__name__", ""))
    _known(name, fields, _FUNCTION)
    if "parameters" not in fields:
        described = tool(function, name=name, description=str(fields.get("description") or ""))
        return dataclasses.replace(described, **_settings(fields))
    return ToolSpec(kind="function", function=function, **_described(name, fields), **_settings(fields))


def _mcp(fields: Mapping[str, Any]) -> McpServer:
    url = str(fields["mcp_url"])
    _known(url, fields, _MCP)
    if not url.startswith(("http://", "https://")):
        raise ConfigError("mcp_url begins with https://.")
    headers = dict(fields.get("headers") or {})
    return McpServer(url, headers, tuple(fields.get("only") or ()), _settings(fields))


async def _offered(server: McpServer) -> list[ToolSpec]:
    try:
        offered = await discover(server.url, server.headers, None)
    except McpFailed as error:
        raise ConfigError(f"The MCP server {server.url} did not say what it offers: {error}") from None
    known = [one.name for one in offered]
    if missing := [name for name in server.only if name not in known]:
        raise ConfigError(f"The MCP server does not offer {missing[0]!r}. It offers: {', '.join(known)}.")
    return [_of_server(server, one) for one in offered if not server.only or one.name in server.only]


def _of_server(server: McpServer, offered: McpTool) -> ToolSpec:
    own = {"effects": not offered.read_only, "idempotent": offered.idempotent, **server.settings}
    return ToolSpec(
        name=callable_name(offered.name),
        description=offered.description or offered.name,
        parameters=offered.parameters,
        kind="mcp",
        url=server.url,
        headers=server.headers,
        remote_name=offered.name,
        **own,
    )


def callable_name(remote_name: str) -> str:
    """What models may call a tool: servers allow dots and slashes in names, providers do not."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in remote_name)[:64]
    name = plain if NAME.fullmatch(plain) else f"tool_{plain}"[:64]
    return f"mcp_{name}"[:64] if name in NAMES else name


def _described(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} cannot be the name of a tool. Use letters, digits, _ and -.")
    if not fields.get("description"):
        raise ConfigError(f"The tool {name!r} needs a description: it tells the model what the tool is for.")
    parameters = fields.get("parameters") or NO_PARAMETERS
    try:
        check_schema(parameters)
    except SchemaRefused as refused:
        raise ConfigError(f"The parameters of the tool {name!r}: {refused}") from None
    return {"name": name, "description": str(fields["description"]), "parameters": parameters}


def _settings(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in _SETTINGS if fields.get(name) is not None}


def _known(name: str, fields: Mapping[str, Any], known: Sequence[str]) -> None:
    if unknown := [field for field in fields if field not in known]:
        raise ConfigError(f"The tool {name!r} has no field {unknown[0]!r}. Known: {', '.join(known)}.")


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
