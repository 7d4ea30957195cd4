"""Webhooks of carriers that wait to be worked off."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from patter_site.common.models import DurableWork
from patter_site.common.tenancy import TenantRow
from phone_numbers.models import CarrierAccount


class CarrierNotice(TenantRow, DurableWork):
    """A webhook that was proven and answered. What it says is worked off from here, once.

    ``event_id`` is the carrier's own, the same for every delivery. The body is forgotten when all is done.
    """

    id = models.BigAutoField(primary_key=True)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    carrier_account = models.ForeignKey(CarrierAccount, on_delete=models.CASCADE, related_name="+")
    event_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=200)
    body = models.TextField(blank=True, default="")
    base = models.CharField(max_length=300, blank=True, default="", help_text="Where it reached us.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["carrier_account", "event_id"], name="carrier_event_once"),
        ]
        indexes = [models.Index(fields=["state", "due_at"]), models.Index(fields=["created_at"])]
