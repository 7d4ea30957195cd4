"""A caller given to a human."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from calls.models.call import Call
from patter_site.common.ids import new_id
from patter_site.common.tenancy import TenantModel


class Transfer(TenantModel):
    """A caller given to a human. Its state moves only through ``calls.services.transfer``.

    ``ref`` is the call machine's own name for it (``x1``), which is in every address the carrier is given.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        DIALLING = "dialling"
        RINGING = "ringing"
        BRIEFING = "briefing"
        JOINED = "joined"
        COMPLETED = "completed"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=40, default=new_id("trf"), editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="transfers")
    ref = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, blank=True, default="")
    target = models.CharField(max_length=100, blank=True, default="", help_text="The target's name.")
    number = models.CharField(max_length=40, blank=True, default="")
    summary = models.TextField(blank=True, default="")
    asked_by = models.CharField(max_length=10, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    reason = models.CharField(max_length=20, blank=True, default="", help_text="Why it failed.")
    timeline = models.JSONField(default=list, blank=True, help_text="[{state, at, reason?}]")
    carrier_call_id = models.CharField(max_length=100, blank=True, default="", help_text="The human's leg.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    joined_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "ref"], name="transfer_once")]
        ordering = ["created_at", "id"]

    @property
    def talk_s(self) -> int | None:
        """How long caller and human spoke, in whole seconds."""
        if self.joined_at is None or self.ended_at is None:
            return None
        return max(0, round((self.ended_at - self.joined_at).total_seconds()))
