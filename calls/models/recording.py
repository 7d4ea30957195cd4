"""Recordings, and what is still to be deleted at the carrier and in our storage."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from calls.models.call import Call
from patter_site.common.ids import new_id
from patter_site.common.models import DurableWork
from patter_site.common.tenancy import TenantModel
from phone_numbers.models import CarrierAccount


class Recording(TenantModel, DurableWork):
    """Audio of both sides. Our own: segments, stored while the call runs and joined afterwards.

    The carrier's is downloaded when it says that it is there, and deleted there when it is deleted here.
    """

    class Source(models.TextChoices):
        BRIDGE = "bridge"
        CARRIER = "carrier"

    class Status(models.TextChoices):
        RECORDING = "recording"
        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=40, default=new_id("rec"), editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="recordings")
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.BRIDGE)
    carrier_recording_id = models.CharField(max_length=100, blank=True, default="")
    keep_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until somebody deletes it.")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.RECORDING)
    segments = models.PositiveIntegerField(default=0)
    file = models.CharField(max_length=300, blank=True, default="")
    size_bytes = models.BigIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    peaks = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call", "carrier_recording_id"],
                condition=~Q(carrier_recording_id=""),
                name="carrier_recording_once",
            ),
        ]
        indexes = [models.Index(fields=["keep_until"])]


class CarrierErasure(TenantModel, DurableWork):
    """A recording that was deleted here and is still to be deleted at the carrier."""

    id = models.BigAutoField(primary_key=True)
    carrier_account = models.ForeignKey(CarrierAccount, on_delete=models.CASCADE, related_name="+")
    carrier_recording_id = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["carrier_account", "carrier_recording_id"], name="carrier_erasure_once"
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"])]


class FileErasure(TenantModel, DurableWork):
    """Files in our storage that nothing refers to any more, and that are still to be deleted."""

    id = models.BigAutoField(primary_key=True)
    names = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"])]
