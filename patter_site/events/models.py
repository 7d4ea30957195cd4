"""The outbox: what happened, written in the same transaction as the thing itself."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from patter_site.common.ids import new_id
from patter_site.common.models import DurableWork
from patter_site.common.tenancy import TenantModel


class Event(TenantModel, DurableWork):
    """One event for the customer's own servers. ``webhook-id`` is this id on every try."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("evt"), editable=False)
    type = models.CharField(max_length=60)
    api_version = models.CharField(max_length=10, default="1")
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-id"]),
            models.Index(fields=["subject_id"]),
            models.Index(fields=["state", "due_at"]),
        ]
