"""Who answers: an agent, its published versions, and the credentials of the providers it uses."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from patter_site.accounts.models import User
from patter_site.common.fields import EncryptedTextField
from patter_site.common.ids import new_id
from patter_site.common.models import DurableWork
from patter_site.common.tenancy import TenantModel, TenantRow


class Agent(TenantModel):
    """An agent. ``draft`` is edited; a call uses a published version."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("agt"), editable=False)
    name = models.CharField(max_length=120)
    draft = models.JSONField(default=dict)
    published_version = models.PositiveIntegerField(null=True, blank=True)
    is_default = models.BooleanField(default=False, help_text="Answers numbers that name no agent.")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(is_default=True), name="one_default_agent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AgentVersion(TenantModel):
    """What was published, frozen."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("agv"), editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    config = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "number"], name="agent_version_once")]
        ordering = ["-number"]


class VersionPhrases(TenantModel, DurableWork):
    """What the system says in a version's calls, spoken beforehand: the job, and its files by their text."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("agp"), editable=False)
    version = models.OneToOneField(AgentVersion, on_delete=models.CASCADE, related_name="phrases")
    files = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"])]


class Owner(models.TextChoices):
    """Whose account at a carrier or provider: the tenant's, or the platform's."""

    ORGANISATION = "organisation"
    PLATFORM = "platform"


class ProviderCredential(TenantRow):
    """A key for a speech, voice or model provider. The key never comes back out."""

    id = models.CharField(primary_key=True, max_length=40, default=new_id("pcr"), editable=False)
    owner = models.CharField(max_length=12, choices=Owner.choices, default=Owner.ORGANISATION)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    provider = models.CharField(max_length=40)
    name = models.CharField(max_length=100, blank=True)
    api_key = EncryptedTextField(blank=True, default="")
    base_url = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner="platform", organisation__isnull=True)
                | Q(owner="organisation", organisation__isnull=False),
                name="credential_has_its_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.provider
