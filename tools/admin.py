"""Tools and MCP servers, for staff. Their secrets are on no page."""

from __future__ import annotations

from django.contrib import admin

from patter_site.common.admin import ReadOnlyAdmin
from tools.models import McpSource, Tool

SEARCH = ["=id", "name", "url", "=organisation__id", "organisation__name", "=organisation__slug"]


@admin.register(Tool)
class ToolAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "organisation", "kind", "url", "effects", "updated_at"]
    list_filter = ["kind", "effects"]
    list_select_related = ["organisation"]
    search_fields = SEARCH
    ordering = ["-id"]
    exclude = ["sealed_headers", "signing_secret"]


@admin.register(McpSource)
class McpSourceAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "organisation", "url", "offered_at", "last_error"]
    list_select_related = ["organisation"]
    search_fields = SEARCH
    ordering = ["-id"]
    exclude = ["sealed_headers"]
