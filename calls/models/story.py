"""What happened in a call, and what was said."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from calls.models.call import Call
from patter_site.common.tenancy import TenantModel


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
