"""What is dialled, and whose carrier account it hangs on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models import Agent, Owner
from patter_site.common.fields import EncryptedTextField
from patter_site.common.ids import new_id
from patter_site.common.tenancy import TenantModel, TenantRow


class Carrier(models.TextChoices):
    TWILIO = "twilio", "Twilio"
    TELNYX = "telnyx", "Telnyx"


class CarrierAccount(TenantRow):
    """An account at a carrier. Secrets never come back out.

    Twilio: ``account_sid`` and ``auth_token``. Telnyx: ``api_key``, ``public_key`` and ``connection_id``.
    """

    id = models.CharField(primary_key=True, max_length=40, default=new_id("cac"), editable=False)
    owner = models.CharField(max_length=12, choices=Owner.choices, default=Owner.ORGANISATION)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    carrier = models.CharField(max_length=10, choices=Carrier.choices)
    name = models.CharField(max_length=100, blank=True)
    account_sid = models.CharField(max_length=64, blank=True, default="")
    auth_token = EncryptedTextField(blank=True, default="")
    api_key = EncryptedTextField(blank=True, default="")
    public_key = models.CharField(max_length=100, blank=True, default="")
    connection_id = models.CharField(max_length=64, blank=True, default="")
    base_url = models.CharField(max_length=300, blank=True, default="")
    simulated = models.BooleanField(default=False, help_text="Served by the simulator in the box.")
    calls_per_second = models.FloatField(
        default=1.0, help_text="How fast this account may dial. Carriers queue what comes faster."
    )
    most_calls = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Calls at once; further ones wait. Empty: as many as the carrier takes.",
    )
    next_dial_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner="platform", organisation__isnull=True)
                | Q(owner="organisation", organisation__isnull=False),
                name="carrier_account_has_its_owner",
            ),
        ]
        indexes = [models.Index(fields=["carrier", "account_sid"])]

    def __str__(self) -> str:
        return self.name or f"{self.get_carrier_display()} {self.account_sid[:6]}…"


class PhoneNumber(TenantModel):
    """A number that callers dial, in E.164. Unique per carrier account."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("num"), editable=False)
    carrier_account = models.ForeignKey(CarrierAccount, on_delete=models.PROTECT, related_name="numbers")
    number = models.CharField(max_length=20)
    label = models.CharField(max_length=100, blank=True, default="")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="numbers")
    agent_version = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the published one.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["carrier_account", "number"], name="number_once_per_carrier_account"
            ),
        ]
        indexes = [models.Index(fields=["number"])]

    def __str__(self) -> str:
        return self.number
