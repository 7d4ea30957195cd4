"""Organisations, people and keys, for support."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from patter_site.accounts.actors import Actor
from patter_site.accounts.models import ApiKey, Membership, Organisation, User
from patter_site.accounts.services.api_keys import revoke_api_key
from patter_site.common.admin import ReadOnlyAdmin, ReadOnlyInline


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ["organisation", "user", "role", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("organisation", "user")


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    list_display = ["id", "name", "slug", "is_active", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["=id", "name", "slug"]
    ordering = ["-id"]
    inlines = [MembershipInline]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """How long recordings are kept, and nothing else."""
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names = [field.name for field in Organisation._meta.fields]
        return [name for name in names if name != "recording_days"]


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ["id", "email", "name", "is_active", "is_staff", "last_login", "created_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["=id", "email", "name"]
    ordering = ["-id"]
    exclude = ["password", "groups", "user_permissions"]
    inlines = [MembershipInline]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys can be revoked and nothing else; the secret is not stored anywhere."""

    list_display = ["id", "name", "public_id", "organisation", "created_by", "last_used_at", "revoked_at"]
    list_select_related = ["organisation", "created_by"]
    search_fields = ["=id", "name", "=public_id", "=organisation__id", "organisation__name"]
    ordering = ["-id"]
    exclude = ["secret_hash"]
    actions = ["revoke"]

    @admin.action(description="Revoke the chosen keys")
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        staff = Actor("staff", request.user.pk, request.user)  # type: ignore[arg-type]
        for key in keys.select_related("organisation"):
            revoke_api_key(key=key, actor=staff)
        self.message_user(request, "The keys are revoked.", messages.SUCCESS)
