"""Writing tools and MCP servers, and trying a tool out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from patter.standard_webhooks import SECRET_BYTES, secret_of
from patter.tools.direct import try_tool
from patter.tools.given import callable_name
from patter.tools.mcp import McpFailed, discover
from patter.tools.requests import headers_with_variables, request_of, url_with_variables
from patter.tools.schema import SchemaRefused, check_schema, wrong_arguments
from patter.tools.secrecy import secrets_of, without
from patter.tools.spec import ToolContext
from patter.tools.webhook import Try
from patter_site.accounts.models import Organisation
from patter_site.common.addresses import outside_guard
from patter_site.common.errors import ValidationProblem
from patter_site.common.ids import make_id
from tools.errors import SourceFailed, ToolNameTaken, ToolNotOffered
from tools.models import McpSource, Tool
from tools.specs import spec_of

TEST_CONTEXT = ToolContext(call_id="call_test", caller="+15550000000", callee="+15550000001")


def create_tool(*, organisation: Organisation, values: Mapping[str, Any]) -> Tool:
    """Keep a webhook tool, with a signing secret of its own. Raises ToolNameTaken."""
    given = dict(values)
    secret_headers = given.pop("secret_headers", {})
    tool = Tool(organisation=organisation, signing_secret=new_secret(), **given)
    tool.secret_headers = {name: value for name, value in secret_headers.items() if value is not None}
    _save_new(tool)
    return tool


def change_tool(*, tool: Tool, changes: Mapping[str, Any]) -> Tool:
    """Replace fields. Of ``secret_headers`` those that are given are set, and those given as None removed."""
    _apply(tool, changes)
    tool.save()
    return tool


def rotate_signing_secret(*, tool: Tool) -> str:
    """A new secret, which signs from the next request on."""
    tool.signing_secret = new_secret()
    tool.save()
    return tool.signing_secret


def new_secret() -> str:
    return secret_of(os.urandom(SECRET_BYTES))


# -- trying one out ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tried:
    """A request that was really sent, and its answer. Secrets are masked."""

    one: Try
    url: str
    headers: Mapping[str, str]
    body: str


def try_out(*, tool: Tool, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> Tried:
    """Run a tool once, as a call would. Raises ValidationProblem for arguments that do not fit."""
    if wrong := wrong_arguments(tool.parameters, arguments):
        raise ValidationProblem(wrong, fields={"arguments": [wrong]})
    spec = spec_of(tool, variables)
    one = async_to_sync(try_tool)(spec, TEST_CONTEXT, dict(arguments), make_id("tin"), 1, outside_guard())
    at = tool.source or tool
    shown = {**headers_with_variables(at.headers, variables), **dict.fromkeys(at.secret_headers, "••••")}
    body = request_of(spec, TEST_CONTEXT, arguments).body.decode() if tool.kind == Tool.Kind.WEBHOOK else ""
    return Tried(one, url_with_variables(at.url, variables), shown, body)


# -- MCP servers ------------------------------------------------------------------------------------


def create_source(*, organisation: Organisation, values: Mapping[str, Any]) -> McpSource:
    """Keep an MCP server, and ask it what it offers. One that does not answer is kept, with the reason."""
    given = dict(values)
    secret_headers = given.pop("secret_headers", {})
    source = McpSource(organisation=organisation, **given)
    source.secret_headers = {name: value for name, value in secret_headers.items() if value is not None}
    source.save()
    return _asked(source)


def change_source(*, source: McpSource, changes: Mapping[str, Any]) -> McpSource:
    """Replace fields, as ``change_tool`` does."""
    _apply(source, changes)
    source.save()
    return source


def discover_tools(*, source: McpSource) -> McpSource:
    """Ask a server again what it offers; chosen tools follow. Raises SourceFailed. Not in a transaction."""
    source = _asked(source)
    if source.last_error:
        raise SourceFailed(source.last_error)
    return source


@transaction.atomic
def choose_tools(*, source: McpSource, names: Sequence[str]) -> list[Tool]:
    """Let agents use these tools of a server, and no others of it. Raises ToolNotOffered, ToolNameTaken."""
    offered = {item["name"]: item for item in source.offered}
    for name in names:
        if name not in offered:
            raise ToolNotOffered(name, list(offered))
    chosen = Tool.objects.of(source.organisation_id).filter(source=source)
    chosen.exclude(remote_name__in=list(names)).delete()
    have = set(chosen.values_list("remote_name", flat=True))
    for name in names:
        if name not in have:
            _save_new(_tool_of(source, offered[name]))
    return list(chosen.order_by("name"))


def _asked(source: McpSource) -> McpSource:
    try:
        found = async_to_sync(discover)(
            source.url, {**source.headers, **source.secret_headers}, outside_guard()
        )
    except McpFailed as error:
        secrets = [*source.secret_headers.values(), *secrets_of(source.secret_headers)]
        source.last_error = without(str(error), secrets)[:500]
        source.save(update_fields=["last_error", "updated_at"])
        return source
    source.offered = [
        {
            "name": tool.name,
            "description": tool.description,
            "parameters": dict(tool.parameters),
            "read_only": tool.read_only,
            "idempotent": tool.idempotent,
        }
        for tool in found
        if _sound(tool.name, tool.parameters)
    ]
    source.offered_at, source.last_error = timezone.now(), ""
    source.save(update_fields=["offered", "offered_at", "last_error", "updated_at"])
    _follow(source)
    return source


def _sound(name: str, parameters: Mapping[str, Any]) -> bool:
    """Whether models and our own check can work with it."""
    try:
        check_schema(parameters)
    except SchemaRefused:
        return False
    return bool(name)


def _follow(source: McpSource) -> None:
    offered = {item["name"]: item for item in source.offered}
    for tool in Tool.objects.of(source.organisation_id).filter(source=source):
        if item := offered.get(tool.remote_name):
            tool.description = item["description"] or tool.name
            tool.parameters = item["parameters"]
            tool.save(update_fields=["description", "parameters", "updated_at"])


def _tool_of(source: McpSource, item: Mapping[str, Any]) -> Tool:
    return Tool(
        organisation_id=source.organisation_id,
        kind=Tool.Kind.MCP,
        source=source,
        url=source.url,
        name=callable_name(item["name"]),
        remote_name=item["name"],
        description=item["description"] or item["name"],
        parameters=item["parameters"],
        effects=not item.get("read_only"),
        idempotent=bool(item.get("idempotent")),
    )


def _save_new(tool: Tool) -> None:
    try:
        with transaction.atomic():
            tool.save(force_insert=True)
    except IntegrityError:
        raise ToolNameTaken(tool.name) from None


def _apply(row: Tool | McpSource, changes: Mapping[str, Any]) -> None:
    given = dict(changes)
    secrets: Mapping[str, str | None] = given.pop("secret_headers", {})
    kept = [name for name in row.secret_headers if name not in secrets]
    if kept and urlsplit(given.get("url", row.url)).netloc != urlsplit(row.url).netloc:
        # Whoever may change an address must not learn by it what they cannot read.
        sentence = f"{kept[0]!r} was given for another server. Give it again, or remove it."
        raise ValidationError({"secret_headers": [sentence]})
    headers = {**row.secret_headers, **secrets}
    row.secret_headers = {name: value for name, value in headers.items() if value is not None}
    for field, value in given.items():
        setattr(row, field, value)
