"""What an organisation's agents may do in a call: webhooks, and the tools of MCP servers that were chosen."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.utils import timezone

from patter.tools.spec import TIMEOUT_S, WAIT_S
from patter_site.common.fields import EncryptedTextField
from patter_site.common.ids import new_id
from patter_site.common.tenancy import TenantModel


class SecretHeaders(TenantModel):
    """An address with headers. Those that hold secrets are kept encrypted, as one JSON object."""

    url = models.CharField(max_length=1000)
    headers = models.JSONField(default=dict, blank=True)
    sealed_headers = EncryptedTextField(blank=True, default="")

    class Meta:
        abstract = True

    @property
    def secret_headers(self) -> dict[str, str]:
        """The secret ones, opened."""
        return dict(json.loads(self.sealed_headers)) if self.sealed_headers else {}

    @secret_headers.setter
    def secret_headers(self, headers: dict[str, str]) -> None:
        self.sealed_headers = json.dumps(headers) if headers else ""


class McpSource(SecretHeaders):
    """An MCP server. ``offered`` is what it said it can do, when it was last asked."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("mcp"), editable=False)
    name = models.CharField(max_length=100)
    offered = models.JSONField(default=list, blank=True)
    offered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class Tool(SecretHeaders):
    """One tool. Agents name it, so its name never changes."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook"
        MCP = "mcp"

    id = models.CharField(primary_key=True, max_length=40, default=new_id("tool"), editable=False)
    name = models.CharField(max_length=64)
    description = models.TextField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.WEBHOOK)
    parameters = models.JSONField(default=dict)
    body = models.JSONField(default=dict, blank=True)
    signing_secret = EncryptedTextField(blank=True, default="")
    timeout_s = models.FloatField(default=TIMEOUT_S)
    wait_s = models.FloatField(default=WAIT_S)
    effects = models.BooleanField(default=True)
    idempotent = models.BooleanField(default=False)
    background = models.BooleanField(default=False)
    source = models.ForeignKey(
        McpSource, on_delete=models.CASCADE, null=True, blank=True, related_name="tools"
    )
    remote_name = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_tool_per_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def all_headers(self) -> dict[str, Any]:
        """Plain and secret ones together, for a request."""
        return {**self.headers, **self.secret_headers}
