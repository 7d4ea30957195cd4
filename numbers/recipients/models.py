"""Whom an organisation calls."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from patter_site.common.ids import new_id
from patter_site.common.tenancy import TenantModel


class Recipient(TenantModel):
    """One number that an organisation calls. Whoever decides about calling it holds this row's lock."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("rcp"), editable=False)
    e164 = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "e164"], name="recipient_once"),
        ]

    def __str__(self) -> str:
        return self.pk
