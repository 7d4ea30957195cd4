"""A call itself, and its phone connections."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models import Agent
from patter_site.common.ids import new_id
from patter_site.common.tenancy import TenantModel
from phone_numbers.models import CarrierAccount, PhoneNumber


class Call(TenantModel):
    """What happens from ring to end. Its state moves only through ``calls.services.progress``."""

    class Status(models.TextChoices):
        SCHEDULED = "scheduled"
        QUEUED = "queued"
        DIALLING = "dialling"
        RINGING = "ringing"
        IN_PROGRESS = "in_progress"
        TRANSFERRING = "transferring"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Direction(models.TextChoices):
        INBOUND = "inbound"
        OUTBOUND = "outbound"
        WEB = "web"

    class OnMachine(models.TextChoices):
        LEAVE_MESSAGE = "leave_message"
        HANG_UP = "hang_up"
        CONTINUE = "continue"
        ASK = "ask"

    TERMINAL = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)

    id = models.CharField(primary_key=True, max_length=40, default=new_id("call"), editable=False)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    status = models.CharField(max_length=15, choices=Status.choices, default=Status.QUEUED)
    outcome = models.CharField(max_length=20, blank=True, default="")
    end_reason = models.CharField(max_length=20, blank=True, default="")
    blocked_by = models.CharField(max_length=20, blank=True, default="")
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")

    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls")
    agent_version = models.PositiveIntegerField(null=True, blank=True)
    number = models.ForeignKey(
        PhoneNumber, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls"
    )
    carrier_account = models.ForeignKey(
        CarrierAccount, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    carrier = models.CharField(max_length=10, blank=True, default="")
    carrier_call_id = models.CharField(max_length=100, blank=True, default="")
    from_number = models.CharField(max_length=100, blank=True, default="")
    to_number = models.CharField(max_length=100, blank=True, default="")

    first_message = models.TextField(blank=True, default="")
    variables = models.JSONField(default=dict, blank=True)
    custom_params = models.JSONField(default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    record = models.BooleanField(null=True, blank=True, help_text="Empty: as the agent says.")
    max_duration_s = models.PositiveIntegerField(null=True, blank=True)
    ring_s = models.PositiveSmallIntegerField(null=True, blank=True)
    machine_detection = models.BooleanField(default=False)
    on_machine = models.CharField(max_length=15, choices=OnMachine.choices, blank=True, default="")
    voicemail_message = models.TextField(blank=True, default="")
    simulated = models.BooleanField(default=False)
    callback_base = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="The https base under which the carrier of this call reaches us.",
    )
    reply_to = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="Bus address of the connection that placed the call.",
    )

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True, help_text="First sign of life at the carrier.")
    ringing_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration_s = models.PositiveIntegerField(null=True, blank=True)
    # When call.ended or call.failed was written. The carrier may report the end before the process that
    # carries the call has handed over what was said, and the event waits for that.
    announced_at = models.DateTimeField(null=True, blank=True)

    # The media socket's one-time token: the number of the newest one given out, and of the newest used.
    stream_issued = models.PositiveIntegerField(default=0)
    stream_used = models.PositiveIntegerField(default=0)

    # The process that carries the call renews the lease; a sweep ends calls whose lease ran out.
    lease_owner = models.CharField(max_length=100, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["carrier_account", "carrier_call_id"],
                condition=~Q(carrier_call_id=""),
                name="one_call_per_carrier_call",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "scheduled",
                        "queued",
                        "dialling",
                        "ringing",
                        "in_progress",
                        "transferring",
                        "completed",
                        "failed",
                        "cancelled",
                    ]
                ),
                name="call_status_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-id"]),
            models.Index(fields=["status", "lease_until"]),
            models.Index(fields=["ended_at"]),
            models.Index(fields=["organisation", "from_number"]),
            models.Index(fields=["organisation", "to_number"]),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_over(self) -> bool:
        return self.status in self.TERMINAL

    @property
    def has_media(self) -> bool:
        """Whether a process carries this call now."""
        return bool(self.stream_used and self.lease_until and self.lease_until > timezone.now())


class Leg(TenantModel):
    """One phone connection in a call: the caller's, or a human's after a transfer."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("leg"), editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="legs")
    kind = models.CharField(max_length=10, default="caller")
    carrier_call_id = models.CharField(max_length=100, blank=True, default="")
    stream_id = models.CharField(max_length=100, blank=True, default="")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
