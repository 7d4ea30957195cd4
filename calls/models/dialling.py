"""How an outbound call is dialled: the job, and each request to the carrier."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from calls.models.call import Call
from patter_site.common.ids import new_id
from patter_site.common.models import DurableWork
from patter_site.common.tenancy import TenantModel
from phone_numbers.models import CarrierAccount


class Dial(TenantModel, DurableWork):
    """The job of dialling one outbound call. Once ``sent_at`` is set nothing dials it again."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, primary_key=True, related_name="dial")
    callback_base = models.CharField(max_length=300, help_text="The https base that the carrier calls back.")
    sent_at = models.DateTimeField(null=True, blank=True)
    slot_at = models.DateTimeField(null=True, blank=True, help_text="When the account's pace lets it dial.")

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"])]


class DialAttempt(TenantModel, DurableWork):
    """One request to dial. While it is open there is no other for the same two numbers.

    ``progress`` is what became of it; the job of this row is to look an unknown one up at the carrier.
    """

    class Progress(models.TextChoices):
        PERMITTED = "permitted"
        SENT = "sent"
        UNKNOWN = "unknown"
        TERMINAL = "terminal"

    id = models.CharField(primary_key=True, max_length=40, default=new_id("att"), editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="attempts")
    carrier_account = models.ForeignKey(CarrierAccount, on_delete=models.CASCADE, related_name="+")
    from_number = models.CharField(max_length=100)
    to_number = models.CharField(max_length=100)
    progress = models.CharField(max_length=10, choices=Progress.choices, default=Progress.PERMITTED)
    carrier_call_id = models.CharField(max_length=100, blank=True, default="")
    permitted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["carrier_account", "from_number", "to_number"],
                condition=Q(progress__in=["permitted", "sent", "unknown"]),
                name="one_open_attempt_per_pair",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"])]
