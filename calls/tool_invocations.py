"""``/api/v1/tools/{id}/invocations`` and ``/api/v1/calls/{id}/tool-invocations``: what tools did in calls."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Call, ToolInvocation, ToolTry
from calls.selectors import invocations_of
from patter_site.common.errors import NotFound
from patter_site.common.views import OrganisationViewSet, rows_of
from tools.models import Tool


class ToolTrySerializer(serializers.ModelSerializer[ToolTry]):
    """One request, and its answer; one without an answer was cut off by a crash."""

    class Meta:
        model = ToolTry
        fields = ["number", "started_at", "took_ms", "status", "error", "may_have_taken_effect", "response"]


class ToolInvocationSerializer(serializers.ModelSerializer[ToolInvocation]):
    """One run of a tool. Its id is the `webhook-id` of every try; header values are masked."""

    call = serializers.CharField(source="call_id")
    tool = serializers.CharField(source="tool_id", allow_null=True)
    outcome = serializers.SerializerMethodField()
    error = serializers.CharField(source="last_error")
    tries = ToolTrySerializer(source="tries_made", many=True)

    class Meta:
        model = ToolInvocation
        fields = [
            "id",
            "call",
            "tool",
            "name",
            "run_id",
            "arguments",
            "request",
            "outcome",
            "result",
            "error",
            "tries",
            "created_at",
            "finished_at",
        ]

    def get_outcome(self, invocation: ToolInvocation) -> str | None:
        """ok, failed, unknown (it may have taken effect), stopped; null while it runs."""
        return invocation.outcome or None


class _InvocationViewSet(OrganisationViewSet):
    """Runs of the tools of something: ``owner``, named in the address."""

    model = ToolInvocation
    serializer_class = ToolInvocationSerializer
    scopes = {"*": "calls:read"}
    owner: ClassVar[type[Model]]
    owner_field: ClassVar[str]

    @extend_schema(responses=ToolInvocationSerializer(many=True))
    def list(self, request: Request, owner_id: str) -> Response:
        """Runs, newest first, each with its tries."""
        found = rows_of(self.owner, self.organisation).filter(pk=owner_id).first()
        if found is None:
            raise NotFound()
        runs: QuerySet[Any] = invocations_of(self.organisation).filter(**{self.owner_field: found})
        page = self.paginate_queryset(runs)
        return self.get_paginated_response(ToolInvocationSerializer(page, many=True).data)


class InvocationsOfTool(_InvocationViewSet):
    owner, owner_field = Tool, "tool"


class InvocationsOfCall(_InvocationViewSet):
    owner, owner_field = Call, "call"
