"""Agents and the platform's own credentials, for staff."""

from __future__ import annotations

from django.contrib import admin

from agents.models import Agent, AgentVersion, ProviderCredential
from patter_site.common.admin import ReadOnlyAdmin, ReadOnlyInline


class AgentVersionInline(ReadOnlyInline):
    model = AgentVersion
    fields = ["number", "created_by", "created_at", "config"]

    def get_queryset(self, request):  # type: ignore[no-untyped-def]
        return super().get_queryset(request).select_related("created_by")


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "organisation", "published_version", "is_default", "archived_at"]
    list_filter = ["is_default"]
    list_select_related = ["organisation"]
    search_fields = ["=id", "name", "=organisation__id", "organisation__name", "=organisation__slug"]
    ordering = ["-id"]
    inlines = [AgentVersionInline]


@admin.register(ProviderCredential)
class ProviderCredentialAdmin(ReadOnlyAdmin):
    """The key itself is on no page."""

    list_display = ["id", "provider", "name", "owner", "organisation", "base_url", "updated_at"]
    list_filter = ["owner", "provider"]
    list_select_related = ["organisation"]
    search_fields = ["=id", "name", "provider", "=organisation__id", "organisation__name"]
    ordering = ["-id"]
    exclude = ["api_key"]
