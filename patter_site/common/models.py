"""Rows that every room needs: answers kept for repeated requests, and leases by name."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class IdempotencyRecord(models.Model):
    """The answer to a request that named an ``Idempotency-Key``, kept for 24 hours.

    ``organisation_id`` is opaque here: this room lies below the one that knows organisations.
    """

    organisation_id = models.CharField(max_length=40)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the first request runs.")
    answer = models.TextField(blank=True, default="", help_text="JSON, exactly as it was answered.")
    holder = models.CharField(max_length=40, help_text="Which request is carrying it out.")
    lease_until = models.DateTimeField(help_text="After this, a request that never finished may be repeated.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation_id", "route", "key"], name="one_answer_per_key"),
        ]
        indexes = [models.Index(fields=["created_at"])]


class NamedLease(models.Model):
    """Who may run a periodic piece of work, so that two beats are harmless."""

    name = models.CharField(primary_key=True, max_length=100)
    holder = models.CharField(max_length=100)
    lease_until = models.DateTimeField()


class DurableWork(models.Model):
    """A job is a row. Celery only shortens the wait; a sweep finds what is due.

    Claimed by one conditional UPDATE (``common.jobs.claim_due``), never by a lock that is held.
    """

    class State(models.TextChoices):
        DUE = "due"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    due_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        abstract = True
