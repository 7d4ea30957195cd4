"""Calls for support: found by id, number, the carrier's id or organisation, and only looked at."""

from __future__ import annotations

from django.contrib import admin

from calls.models import Call, CallEvent, Recording, ToolInvocation, Turn
from patter_site.common.admin import ReadOnlyAdmin, ReadOnlyInline


class TurnInline(ReadOnlyInline):
    model = Turn
    fields = ["index", "role", "text", "full_text", "started_ms", "ended_ms", "interrupted"]
    ordering = ["index"]


class CallEventInline(ReadOnlyInline):
    model = CallEvent
    fields = ["created_at", "kind", "at_ms", "data"]
    ordering = ["id"]


class ToolInvocationInline(ReadOnlyInline):
    model = ToolInvocation
    fields = ["id", "name", "outcome", "state", "tries", "last_error", "created_at", "finished_at"]
    ordering = ["id"]


class RecordingInline(ReadOnlyInline):
    model = Recording
    fields = ["id", "status", "segments", "size_bytes", "duration_ms", "last_error"]


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "organisation",
        "direction",
        "status",
        "outcome",
        "end_reason",
        "from_number",
        "to_number",
        "created_at",
        "duration_s",
    ]
    list_filter = ["status", "direction", "outcome", "end_reason", "simulated"]
    list_select_related = ["organisation"]
    search_fields = [
        "=id",
        "=carrier_call_id",
        "from_number",
        "to_number",
        "=organisation__id",
        "organisation__name",
        "=organisation__slug",
    ]
    search_help_text = "Id, number, the carrier's call id, or organisation."
    ordering = ["-id"]
    exclude = ["lease_owner"]
    inlines = [TurnInline, CallEventInline, ToolInvocationInline, RecordingInline]
