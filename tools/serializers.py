"""Tools and MCP servers as the API shows and takes them. Secrets never come back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from patter.tools.builtin import NAMES
from patter.tools.requests import RESERVED_FIELDS, RESERVED_HEADERS, variables_in_host
from patter.tools.schema import SchemaRefused, check_schema
from patter.tools.spec import NAME, TIMEOUT_S, WAIT_S
from patter.variables import substitute
from patter_site.common.addresses import AddressRefused, check_outside_url
from patter_site.common.serializers import PlainValuesField, StrictSerializer, secret_hint
from tools.models import McpSource, Tool

MOST_HEADERS = 20
MOST_BODY_CHARS = 10_000
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
LONGEST_TRY_S, LONGEST_WAIT_S = 120, 60
OTHER_WORD = "webhook_url"


def checked_url(url: str) -> str:
    """An address that may be kept. Raises ValidationError."""
    if names := variables_in_host(url):
        raise serializers.ValidationError(
            f"{{{names[0]}}} cannot stand before the path: a variable must not decide who is called."
        )
    try:
        # Variables are put in for each call; here anything stands in for them.
        check_outside_url(substitute_all(url), query=True, unknown_host=True)
    except AddressRefused as refused:
        raise serializers.ValidationError(str(refused)) from None
    return url.strip()


def substitute_all(url: str) -> str:
    """The address with something in the place of every variable."""
    return substitute(url, _Anything()).text


class _Anything(dict[str, Any]):
    def get(self, key: str, default: Any = None) -> Any:
        return "x"


class HeadersField(serializers.DictField):
    """Header names to values of one line."""

    child = serializers.CharField(max_length=2000, allow_blank=True)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        headers = super().to_internal_value(data)
        for name, value in headers.items():
            if not HEADER.fullmatch(name):
                raise serializers.ValidationError(f"{name[:60]!r} cannot be the name of a header.")
            if name.lower() in RESERVED_HEADERS:
                raise serializers.ValidationError(f"{name!r} belongs to the request itself. Leave it out.")
            if value is not None and not str(value).isprintable():
                raise serializers.ValidationError(f"The value of {name!r} must be one line.")
        if len(headers) > MOST_HEADERS:
            raise serializers.ValidationError(f"At most {MOST_HEADERS} headers.")
        return headers


class SecretHeadersField(HeadersField):
    """As ``headers``, encrypted at rest. They come back as their last characters only; null removes one."""

    child = serializers.CharField(max_length=2000, allow_null=True)

    def to_representation(self, value: Mapping[str, str]) -> dict[str, Any]:
        return {name: secret_hint(secret) for name, secret in value.items()}


class ToolChangeSerializer(StrictSerializer):
    """What can be changed of a tool. Agents name it, so its name stays.

    ``webhook_url``, the word of the SDKs' tool lists, is taken for ``url``.
    """

    description = serializers.CharField(max_length=2000, help_text="What it is for: the model reads this.")
    parameters = serializers.DictField(help_text="JSON Schema of the arguments, an object.")
    url = serializers.CharField(
        max_length=1000, help_text="Called with POST. `{variables}` may stand in path and query."
    )
    headers = HeadersField(required=False, help_text="May hold `{variables}`.")
    secret_headers = SecretHeadersField(required=False)
    body = serializers.DictField(
        required=False, help_text="Fields beside the usual ones; texts may hold `{variables}`."
    )
    timeout_s = serializers.FloatField(
        default=TIMEOUT_S, min_value=1, max_value=LONGEST_TRY_S, help_text="How long one try may take."
    )
    wait_s = serializers.FloatField(
        default=WAIT_S,
        min_value=0,
        max_value=LONGEST_WAIT_S,
        help_text="How long the model waits; a later result is a turn of its own.",
    )
    effects = serializers.BooleanField(default=True, help_text="It changes something outside.")
    idempotent = serializers.BooleanField(
        default=False, help_text="Your server recognises a repeated `webhook-id`."
    )
    background = serializers.BooleanField(default=False, help_text="Its tries go on when the call is over.")

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and OTHER_WORD in data and "url" not in data:
            data = {"url" if name == OTHER_WORD else name: value for name, value in data.items()}
        return super().to_internal_value(data)

    def validate_parameters(self, schema: dict[str, Any]) -> dict[str, Any]:
        try:
            check_schema(schema)
        except SchemaRefused as refused:
            raise serializers.ValidationError(str(refused)) from None
        return schema

    def validate_url(self, url: str) -> str:
        return checked_url(url)

    def validate_body(self, body: dict[str, Any]) -> dict[str, Any]:
        if taken := [name for name in body if name in RESERVED_FIELDS]:
            raise serializers.ValidationError(f"{taken[0]!r} is always sent. Choose another name.")
        if len(json.dumps(body)) > MOST_BODY_CHARS:
            raise serializers.ValidationError(f"Keep it under {MOST_BODY_CHARS} characters.")
        return body


class ToolCreateSerializer(ToolChangeSerializer):
    """A webhook. Tools of MCP servers are chosen under `mcp-sources`."""

    name = serializers.CharField(max_length=64)
    parameters = serializers.DictField(
        default=lambda: {"type": "object", "properties": {}}, help_text="JSON Schema of the arguments."
    )

    def validate_name(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise serializers.ValidationError("Use letters, digits, _ and -, beginning with a letter.")
        if name in NAMES:
            raise serializers.ValidationError(f"{name!r} is built in. Choose another name.")
        return name


class McpToolChangeSerializer(StrictSerializer):
    """What can be changed of a tool of an MCP server: everything else is its server's."""

    timeout_s = serializers.FloatField(min_value=1, max_value=LONGEST_TRY_S)
    wait_s = serializers.FloatField(min_value=0, max_value=LONGEST_WAIT_S)
    effects = serializers.BooleanField()
    idempotent = serializers.BooleanField()
    background = serializers.BooleanField()


class ToolSerializer(serializers.ModelSerializer[Tool]):
    """A tool. Of secret headers only the last characters are shown."""

    secret_headers = SecretHeadersField(read_only=True)
    mcp_source = serializers.CharField(source="source_id", allow_null=True, read_only=True)

    class Meta:
        model = Tool
        fields = [
            "id",
            "name",
            "description",
            "kind",
            "parameters",
            "url",
            "headers",
            "secret_headers",
            "body",
            "timeout_s",
            "wait_s",
            "effects",
            "idempotent",
            "background",
            "mcp_source",
            "remote_name",
            "created_at",
            "updated_at",
        ]


class CreatedToolSerializer(ToolSerializer):
    """With the secret that signs its requests, which is shown once."""

    signing_secret = serializers.CharField(allow_null=True)

    class Meta(ToolSerializer.Meta):
        fields = [*ToolSerializer.Meta.fields, "signing_secret"]


class SigningSecretSerializer(serializers.Serializer[Any]):
    signing_secret = serializers.CharField(allow_null=True, help_text="Shown once.")


class ToolTestSerializer(StrictSerializer):
    arguments = serializers.DictField(default=dict)
    variables = PlainValuesField(default=dict)


class TriedSerializer(serializers.Serializer[Any]):
    """What a try came to. Secrets in the request are masked."""

    ok = serializers.BooleanField()
    result = serializers.JSONField(allow_null=True, help_text="As the model would be told it.")
    error = serializers.CharField(allow_blank=True)
    status = serializers.IntegerField(allow_null=True)
    took_ms = serializers.IntegerField()
    request = serializers.DictField(help_text="url, headers and body.")
    response = serializers.CharField(allow_blank=True, help_text="The beginning of the answer's body.")


class McpSourceChangeSerializer(StrictSerializer):
    """An MCP server that speaks streamable HTTP."""

    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=1000)
    headers = HeadersField(required=False)
    secret_headers = SecretHeadersField(required=False)

    def validate_url(self, url: str) -> str:
        return checked_url(url)


class McpSourceSerializer(serializers.ModelSerializer[McpSource]):
    """An MCP server: what it offers, and which of it agents may use."""

    secret_headers = SecretHeadersField(read_only=True)
    chosen = serializers.SerializerMethodField()

    class Meta:
        model = McpSource
        fields = [
            "id",
            "name",
            "url",
            "headers",
            "secret_headers",
            "offered",
            "offered_at",
            "last_error",
            "chosen",
            "created_at",
            "updated_at",
        ]

    def get_chosen(self, source: McpSource) -> list[str]:
        """The names that the server gives to the tools that were chosen."""
        chosen = Tool.objects.of(source.organisation_id).filter(source=source).order_by("name")
        return list(chosen.values_list("remote_name", flat=True))


class ChooseSerializer(StrictSerializer):
    tools = serializers.ListField(child=serializers.CharField(max_length=200), max_length=200)
