"""Agents and credentials as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from agents.config import AgentConfigSerializer
from agents.convai import Checked
from agents.endings import ending_models
from agents.models import Agent, AgentVersion, ProviderCredential
from agents.providers import PROVIDERS, credential_providers
from patter.engines.convai.wanted_agent import Finding
from patter_site.common.addresses import AddressRefused, check_outside_url
from patter_site.common.serializers import StrictSerializer, secret_hint


class AgentSerializer(AgentConfigSerializer):
    """The published configuration (of an agent that was never published, its draft), and the draft."""

    id = serializers.CharField(read_only=True)
    is_default = serializers.BooleanField(read_only=True, help_text="Answers numbers that name no agent.")
    published_version = serializers.IntegerField(read_only=True, allow_null=True)
    draft = AgentConfigSerializer(read_only=True)
    warnings = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Models of either that have ended or end within 90 days, each as a sentence.",
    )
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class AgentCreateSerializer(AgentConfigSerializer):
    """The configuration; it is published as version 1 unless ``draft`` is true."""

    draft = serializers.BooleanField(default=False, help_text="Do not publish yet.")
    is_default = serializers.BooleanField(default=False)


class AgentChangeSerializer(AgentConfigSerializer):
    """Fields of the draft, each replaced as a whole."""

    is_default = serializers.BooleanField(required=False)


class PublishSerializer(StrictSerializer):
    base_version = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        help_text="The published version that you looked at. 409 when another one was published since.",
    )


class AgentVersionSerializer(serializers.ModelSerializer[AgentVersion]):
    """One published version, frozen."""

    version = serializers.IntegerField(source="number")
    config = AgentConfigSerializer()
    created_by = serializers.CharField(source="created_by_id", allow_null=True)

    class Meta:
        model = AgentVersion
        fields = ["version", "config", "created_by", "created_at"]


class ConvaiFindingSerializer(serializers.Serializer[Any]):
    """One setting of the ElevenLabs agent."""

    setting = serializers.CharField(help_text="Its place in ElevenLabs' API.")
    sentence = serializers.CharField(help_text="What to do, for a person in ElevenLabs' own pages.")


class ConvaiCheckSerializer(serializers.Serializer[Any]):
    """How the ElevenLabs agent of a draft stands."""

    convai_agent_id = serializers.CharField()
    ready = serializers.BooleanField(help_text="Nothing has to be changed.")
    created = serializers.BooleanField(help_text="It was made just now; publish the draft to use it.")
    findings = ConvaiFindingSerializer(many=True, help_text="What has to be changed.")
    changed = ConvaiFindingSerializer(many=True, help_text="What was changed just now.")


def convai_body(checked: Checked) -> dict[str, Any]:
    """A check as the API shows it."""
    return {
        "convai_agent_id": checked.convai_agent_id,
        "ready": not checked.findings,
        "created": checked.created,
        "findings": [_finding_body(finding) for finding in checked.findings],
        "changed": [_finding_body(finding) for finding in checked.changed],
    }


def _finding_body(finding: Finding) -> dict[str, str]:
    return {"setting": finding.setting, "sentence": finding.sentence}


def agent_body(agent: Agent, config: dict[str, Any]) -> dict[str, Any]:
    """An agent as the API shows it; ``config`` is the published one."""
    today = timezone.now().date()
    return {
        **config,
        "id": agent.pk,
        "is_default": agent.is_default,
        "published_version": agent.published_version,
        "draft": agent.draft,
        "warnings": list(dict.fromkeys(ending_models(config, today) + ending_models(agent.draft, today))),
        "created_at": agent.created_at,
        "updated_at": agent.updated_at,
    }


class CredentialSerializer(serializers.ModelSerializer[ProviderCredential]):
    """A provider's key. It never comes back; ``hint`` is its end."""

    hint = serializers.SerializerMethodField()

    class Meta:
        model = ProviderCredential
        fields = ["id", "provider", "name", "hint", "base_url", "created_at", "updated_at"]

    def get_hint(self, credential: ProviderCredential) -> str:
        """The last four characters of the key; empty for short keys and where there is none."""
        return secret_hint(credential.api_key)


class CredentialChangeSerializer(StrictSerializer):
    """``api_key`` is write-only. ``base_url``: a proxy, a region or a server of your own."""

    name = serializers.CharField(max_length=100, allow_blank=True, required=False)
    api_key = serializers.CharField(max_length=500, required=False, write_only=True)
    base_url = serializers.CharField(max_length=300, allow_blank=True, required=False)

    def validate_base_url(self, url: str) -> str:
        try:
            return check_outside_url(url) if url else ""
        except AddressRefused as refused:
            raise serializers.ValidationError(str(refused)) from None


class CredentialCreateSerializer(CredentialChangeSerializer):
    provider = serializers.CharField(max_length=40)

    def validate_provider(self, name: str) -> str:
        possible = [provider.name for provider in credential_providers()]
        if name not in possible:
            raise serializers.ValidationError(
                f"No key can be stored for {name!r}. Possible: {', '.join(possible)}."
            )
        return name

    def validate(self, given: dict[str, str]) -> dict[str, str]:
        provider = PROVIDERS[given["provider"]]
        if provider.needs_key and not given.get("api_key"):
            raise serializers.ValidationError({"api_key": [f"{provider.label} needs a key."]})
        if provider.needs_base_url and not given.get("base_url"):
            raise serializers.ValidationError({"base_url": [f"The {provider.label} needs its address."]})
        return given
