"""Who did what. Written in the transaction of the deed; holds ids only, never content."""

from __future__ import annotations

from typing import Any

from patter_site.accounts.actors import Actor
from patter_site.accounts.models import AuditEntry, Organisation


def record_audit(
    *,
    organisation: Organisation,
    actor: Actor,
    action: str,
    subject_type: str,
    subject_id: str,
    data: dict[str, Any] | None = None,
) -> AuditEntry:
    """``action`` is ``thing.verb``, such as ``api_key.created``. ``data`` may hold ids, roles and counts."""
    entry: AuditEntry = AuditEntry.objects.create(
        organisation=organisation,
        actor_type=actor.type,
        actor_id=actor.id,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        data=data or {},
    )
    return entry
