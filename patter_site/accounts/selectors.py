"""Reads about people and organisations."""

from __future__ import annotations

from django.db.models import QuerySet

from patter_site.accounts.models import ApiKey, AuditEntry, Membership, Organisation, User


def membership_in(*, slug: str, user: User) -> Membership | None:
    """What a person is in the organisation of this address; None for strangers and closed organisations."""
    found = Membership.objects.unscoped("finds out whether the person belongs to it")
    found = found.select_related("organisation")
    return found.filter(organisation__slug=slug, organisation__is_active=True, user=user).first()


def memberships_of(user: User) -> QuerySet[Membership]:
    """Where a person belongs, oldest first."""
    found = Membership.objects.unscoped("a person's own organisations").select_related("organisation")
    return found.filter(user=user, organisation__is_active=True).order_by("pk")


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    return Membership.objects.of(organisation).select_related("user")


def api_keys_of(organisation: Organisation) -> QuerySet[ApiKey]:
    """Keys that are still open, or were revoked: the row stays as evidence."""
    return ApiKey.objects.of(organisation).select_related("created_by")


def audit_of(organisation: Organisation) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.of(organisation)
