"""Reads about people and organisations."""

from __future__ import annotations

from django.db.models import QuerySet

from patter_site.accounts.models import ApiKey, AuditEntry, Membership, Organisation


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    return Membership.objects.of(organisation).select_related("user")


def api_keys_of(organisation: Organisation) -> QuerySet[ApiKey]:
    """Keys that are still open, or were revoked: the row stays as evidence."""
    return ApiKey.objects.of(organisation).select_related("created_by")


def audit_of(organisation: Organisation) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.of(organisation)
