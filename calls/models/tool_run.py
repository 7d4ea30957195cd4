"""Runs of tools in a call, and each request of a run."""

from __future__ import annotations

import json

from django.db import models
from django.utils import timezone

from calls.models.call import Call
from patter_site.common.fields import EncryptedTextField
from patter_site.common.ids import new_id
from patter_site.common.models import DurableWork
from patter_site.common.tenancy import TenantModel
from tools.models import Tool


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
