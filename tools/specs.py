"""From rows to what a call takes: the tools of an agent, with the call's variables put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from patter.tools.builtin import NAMES
from patter.tools.requests import body_with_variables, headers_with_variables, url_with_variables
from patter.tools.spec import Kind, ToolSpec
from patter_site.accounts.models import Organisation
from tools.models import McpSource, Tool


def tools_of(organisation: Organisation | str) -> QuerySet[Tool]:
    return Tool.objects.of(organisation).select_related("source")


def sources_of(organisation: Organisation | str) -> QuerySet[McpSource]:
    return McpSource.objects.of(organisation)


def tools_named(organisation: Organisation | str, names: Sequence[str]) -> list[Tool]:
    """The tools with these names or ids, in that order. One that is not there is left out."""
    wanted = [name for name in names if name not in NAMES]
    if not wanted:
        return []
    found = list(tools_of(organisation).filter(Q(name__in=wanted) | Q(pk__in=wanted)))
    by_name = {tool.name: tool for tool in found} | {tool.pk: tool for tool in found}
    chosen = {by_name[name].pk: by_name[name] for name in wanted if name in by_name}
    return list(chosen.values())


def without_deleted(organisation: Organisation | str, names: Sequence[str]) -> list[str]:
    """Those of these names that still mean something."""
    known = {*NAMES, *(tool.name for tool in tools_named(organisation, names))}
    return [name for name in names if name in known]


def spec_of(tool: Tool, values: Mapping[str, Any]) -> ToolSpec:
    """A tool for one call; ``values`` are the call's variables."""
    # A tool of an MCP server is called where its server lives now, with that server's own headers.
    at: Tool | McpSource = tool.source if tool.source is not None else tool
    kind: Kind = "mcp" if tool.kind == Tool.Kind.MCP else "webhook"
    return ToolSpec(
        name=tool.name,
        description=tool.description,
        parameters=tool.parameters,
        kind=kind,
        url=url_with_variables(at.url, values),
        headers=headers_with_variables({**at.headers, **at.secret_headers}, values),
        body=body_with_variables(tool.body, values),
        secret=tool.signing_secret,
        timeout_s=tool.timeout_s,
        wait_s=tool.wait_s,
        effects=tool.effects,
        idempotent=tool.idempotent,
        background=tool.background,
        tool_id=tool.pk,
        remote_name=tool.remote_name,
    )
