"""A call, from ring to end: its legs, what happened, what was said, what was recorded."""

from __future__ import annotations

import json

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models import Agent
from patter_site.common.fields import EncryptedTextField
from patter_site.common.ids import new_id
from patter_site.common.models import DurableWork
from patter_site.common.tenancy import TenantModel, TenantRow
from phone_numbers.models import CarrierAccount, PhoneNumber
from tools.models import Tool


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


class Leg(TenantModel):
    """One phone connection in a call: the caller's, or a human's after a transfer."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("leg"), editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="legs")
    kind = models.CharField(max_length=10, default="caller")
    carrier_call_id = models.CharField(max_length=100, blank=True, default="")
    stream_id = models.CharField(max_length=100, blank=True, default="")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)


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


class CallEvent(TenantModel):
    """One thing that happened in a call, for its timeline. ``dedupe_key`` makes repeated webhooks one row."""

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=60)
    at_ms = models.IntegerField(null=True, blank=True, help_text="Milliseconds since media began.")
    data = models.JSONField(default=dict, blank=True)
    dedupe_key = models.CharField(max_length=160, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "dedupe_key"], name="call_event_once")]
        indexes = [models.Index(fields=["call", "id"])]


class Turn(TenantModel):
    """One side's go. ``text`` is what was heard; ``full_text`` what was meant, when that differs."""

    id = models.BigAutoField(primary_key=True)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="turns")
    index = models.PositiveIntegerField()
    turn_id = models.CharField(max_length=60)
    role = models.CharField(max_length=10)
    text = models.TextField(blank=True, default="")
    full_text = models.TextField(null=True, blank=True)
    started_ms = models.IntegerField(default=0)
    ended_ms = models.IntegerField(default=0)
    interrupted = models.BooleanField(default=False)
    latency = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "index"], name="turn_once")]
        ordering = ["index"]


class Transcript(TenantModel):
    """One per call: its words in one column, for search.

    ``words`` holds them as both databases index them: folded, without punctuation (``calls/search.py``).
    """

    call = models.OneToOneField(Call, on_delete=models.CASCADE, primary_key=True, related_name="transcript")
    text = models.TextField(blank=True, default="")
    words = models.TextField(blank=True, default="", editable=False)
    language = models.CharField(max_length=20, blank=True, default="")


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


class ToolInvocation(TenantModel, DurableWork):
    """One run of a tool. Its id is the ``webhook-id`` of every try; ``tries`` counts who took it on.

    ``sealed`` holds what a try needs, keys included, so that a worker sends exactly what the call would
    have sent. It is emptied once there is an outcome.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "open"
        OK = "ok"
        FAILED = "failed"
        UNKNOWN = "unknown"
        STOPPED = "stopped"

    id = models.CharField(primary_key=True, max_length=40, default=new_id("tin"), editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="tool_invocations")
    tool = models.ForeignKey(
        Tool, on_delete=models.SET_NULL, null=True, blank=True, related_name="invocations"
    )
    name = models.CharField(max_length=64)
    run_id = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict, blank=True)
    request = models.JSONField(default=dict, blank=True, help_text="url, headers and body; secrets masked.")
    sealed = EncryptedTextField(blank=True, default="")
    effects = models.BooleanField(default=True)
    idempotent = models.BooleanField(default=False)
    background = models.BooleanField(default=False)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default=Outcome.OPEN)
    result = models.JSONField(null=True, blank=True, help_text="What the model was told.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "run_id"], name="one_invocation_per_run")]
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["organisation", "tool", "-id"]),
        ]

    @property
    def shown_arguments(self) -> str:
        """The arguments as JSON, for people."""
        return json.dumps(self.arguments, ensure_ascii=False)

    @property
    def shown_result(self) -> str:
        return json.dumps(self.result, ensure_ascii=False)


class ToolTry(TenantModel):
    """One request of an invocation, and its answer. One without an answer was cut off by a crash."""

    id = models.BigAutoField(primary_key=True)
    invocation = models.ForeignKey(ToolInvocation, on_delete=models.CASCADE, related_name="tries_made")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, default="")
    may_have_taken_effect = models.BooleanField(default=False)
    response = models.TextField(blank=True, default="", help_text="The beginning of the answer's body.")

    class Meta:
        ordering = ["number"]
