"""How people, keys and their traces look in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from patter_site.accounts.models import ApiKey, AuditEntry, Membership, Role
from patter_site.accounts.roles import ALL_SCOPES


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key without its secret. ``hint`` is how it begins."""

    hint = serializers.SerializerMethodField()
    created_by = serializers.EmailField(source="created_by.email", read_only=True, default=None)

    class Meta:
        model = ApiKey
        fields = [
            *("id", "name", "hint", "scopes", "created_by"),
            *("created_at", "last_used_at", "expires_at", "revoked_at"),
        ]
        read_only_fields = fields

    def get_hint(self, key: ApiKey) -> str:
        return f"pt_{key.public_id}…"


class CreatedApiKeySerializer(ApiKeySerializer):
    """The one answer that holds the key itself."""

    key = serializers.CharField(read_only=True, allow_null=True, help_text="Shown once, never again.")

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]
        read_only_fields = fields


class CreateApiKeySerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=ALL_SCOPES), required=False, allow_empty=False
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    email = serializers.EmailField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "email", "name", "role", "created_at"]
        read_only_fields = fields


class AddMemberSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Role.choices)


class ChangeRoleSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = [
            *("id", "actor_type", "actor_id", "action", "subject_type", "subject_id"),
            *("data", "created_at"),
        ]
        read_only_fields = fields
