"""Meters. This room lies below calls and does not know what a call is: subjects are opaque."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from patter_site.common.ids import new_id
from patter_site.common.tenancy import TenantModel


class UsageRecord(TenantModel):
    """How much of something was used, once. Never changed; a correction is a new row."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("use"), editable=False)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    meter = models.CharField(max_length=60)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    unit = models.CharField(max_length=20)
    provider = models.CharField(max_length=40, blank=True, default="")
    account_owner = models.CharField(max_length=12, default="organisation")
    estimated = models.BooleanField(default=False)
    simulated = models.BooleanField(default=False)
    idempotency_key = models.CharField(max_length=120, unique=True)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "used_at"]),
            models.Index(fields=["subject_id"]),
        ]
