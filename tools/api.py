"""``/api/v1/tools`` and ``/api/v1/mcp-sources``."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patter_site.common.idempotent_views import idempotent
from patter_site.common.views import OrganisationViewSet
from tools.models import McpSource, Tool
from tools.serializers import (
    ChooseSerializer,
    CreatedToolSerializer,
    McpSourceChangeSerializer,
    McpSourceSerializer,
    McpToolChangeSerializer,
    SigningSecretSerializer,
    ToolChangeSerializer,
    ToolCreateSerializer,
    ToolSerializer,
    ToolTestSerializer,
    TriedSerializer,
)
from tools.services import (
    Tried,
    change_source,
    change_tool,
    choose_tools,
    create_source,
    create_tool,
    discover_tools,
    rotate_signing_secret,
    try_out,
)

SCOPES = {"GET": "agents:read", "*": "agents:write"}


class ToolViewSet(OrganisationViewSet):
    """What agents may call in the middle of a conversation."""

    model = Tool
    serializer_class = ToolSerializer
    scopes = SCOPES

    def get_queryset(self) -> QuerySet[Tool]:
        return super().get_queryset().select_related("source")

    def list(self, request: Request) -> Response:
        """The tools, newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(ToolSerializer(page, many=True).data)

    @extend_schema(request=ToolCreateSerializer, responses={201: CreatedToolSerializer})
    @idempotent(secrets=["signing_secret"])
    def create(self, request: Request) -> Response:
        """Keep a webhook tool. The secret that signs its requests is shown once."""
        values = _valid(ToolCreateSerializer, request)
        tool = create_tool(organisation=self.organisation, values=values)
        return Response(CreatedToolSerializer(tool).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One tool."""
        return Response(ToolSerializer(self.get_object()).data)

    @extend_schema(request=ToolChangeSerializer, responses=ToolSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a tool. Calls that begin from now on use it as it is then."""
        tool = self.get_object()
        wanted = McpToolChangeSerializer if tool.kind == Tool.Kind.MCP else ToolChangeSerializer
        return Response(ToolSerializer(change_tool(tool=tool, changes=_valid(wanted, request, True))).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a tool. Agents that name it go on without it."""
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ToolTestSerializer, responses=TriedSerializer)
    @action(detail=True, methods=["post"])
    @idempotent(atomic=False)
    def test(self, request: Request, pk: str) -> Response:
        """Really call the tool, once, and see the request and the answer."""
        given = _valid(ToolTestSerializer, request)
        return Response(tried_body(try_out(tool=self.get_object(), **given)))

    @extend_schema(request=None, responses=SigningSecretSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    @idempotent(secrets=["signing_secret"])
    def rotate_secret(self, request: Request, pk: str) -> Response:
        """Sign with a new secret from the next request on. It is shown once."""
        return Response({"signing_secret": rotate_signing_secret(tool=self.get_object())})


class McpSourceViewSet(OrganisationViewSet):
    """MCP servers whose tools agents may use."""

    model = McpSource
    serializer_class = McpSourceSerializer
    scopes = SCOPES

    def list(self, request: Request) -> Response:
        """The MCP servers, newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(McpSourceSerializer(page, many=True).data)

    @extend_schema(request=McpSourceChangeSerializer, responses={201: McpSourceSerializer})
    @idempotent(atomic=False)
    def create(self, request: Request) -> Response:
        """Keep an MCP server, and ask it what it offers."""
        source = create_source(
            organisation=self.organisation, values=_valid(McpSourceChangeSerializer, request)
        )
        return Response(McpSourceSerializer(source).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One MCP server."""
        return Response(McpSourceSerializer(self.get_object()).data)

    @extend_schema(request=McpSourceChangeSerializer, responses=McpSourceSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its name, address or headers."""
        changes = _valid(McpSourceChangeSerializer, request, True)
        return Response(McpSourceSerializer(change_source(source=self.get_object(), changes=changes)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget an MCP server, and its tools."""
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=McpSourceSerializer)
    @action(detail=True, methods=["post"])
    @idempotent(atomic=False)
    def discover(self, request: Request, pk: str) -> Response:
        """Ask it again what it offers. 409 when it does not answer."""
        return Response(McpSourceSerializer(discover_tools(source=self.get_object())).data)

    @extend_schema(request=ChooseSerializer, responses=ToolSerializer(many=True))
    @action(detail=True, methods=["post"])
    @idempotent()
    def choose(self, request: Request, pk: str) -> Response:
        """Let agents use these of its tools, and no others."""
        names = _valid(ChooseSerializer, request)["tools"]
        chosen = choose_tools(source=self.get_object(), names=names)
        return Response(ToolSerializer(chosen, many=True).data)


def tried_body(tried: Tried) -> dict[str, Any]:
    """A try as the API shows it."""
    one = tried.one
    return {
        "ok": one.ok,
        "result": one.result,
        "error": one.failure.error if one.failure else "",
        "status": one.status,
        "took_ms": one.took_ms,
        "request": {"url": tried.url, "headers": dict(tried.headers), "body": tried.body},
        "response": one.excerpt,
    }


def _valid(serializer_class: type[Any], request: Request, partial: bool = False) -> dict[str, Any]:
    serializer = serializer_class(data=request.data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
