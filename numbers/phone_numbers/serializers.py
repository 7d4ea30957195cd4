"""Carrier accounts and numbers as the API shows and takes them."""

from __future__ import annotations

import re
from typing import Any

from rest_framework import serializers

from agents.models import Agent
from agents.selectors import version_of
from patter_site.common.e164 import NotANumber, checked_e164
from patter_site.common.serializers import StrictSerializer, secret_hint
from patter_site.common.views import ScopedRelatedField
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber

ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
FIELDS_OF = {
    Carrier.TWILIO: ("account_sid", "auth_token"),
    Carrier.TELNYX: ("api_key", "public_key", "connection_id"),
}


class CarrierAccountSerializer(serializers.ModelSerializer[CarrierAccount]):
    """An account at a carrier. Secrets never come back; ``hint`` is the end of the token or key."""

    hint = serializers.SerializerMethodField()

    class Meta:
        model = CarrierAccount
        fields = [
            "id",
            "carrier",
            "name",
            "account_sid",
            "public_key",
            "connection_id",
            "calls_per_second",
            "most_calls",
            "hint",
            "simulated",
            "checked_at",
            "check_error",
            "created_at",
            "updated_at",
        ]

    def get_hint(self, account: CarrierAccount) -> str:
        return secret_hint(account.auth_token or account.api_key)


class CarrierAccountChangeSerializer(StrictSerializer):
    """Twilio: ``account_sid``, ``auth_token``. Telnyx: ``api_key``, ``public_key``, ``connection_id``."""

    name = serializers.CharField(max_length=100, allow_blank=True, required=False)
    account_sid = serializers.CharField(max_length=64, required=False)
    auth_token = serializers.CharField(max_length=100, required=False, write_only=True)
    api_key = serializers.CharField(max_length=200, required=False, write_only=True)
    public_key = serializers.CharField(max_length=100, required=False)
    connection_id = serializers.CharField(max_length=64, required=False)
    calls_per_second = serializers.FloatField(
        required=False,
        min_value=0.1,
        max_value=100,
        help_text="How fast it may dial; what comes faster waits.",
    )
    most_calls = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=100_000,
        help_text="Calls at once; further ones that you place wait. Null: as many as the carrier takes.",
    )

    def validate_account_sid(self, sid: str) -> str:
        if not ACCOUNT_SID.fullmatch(sid):
            raise serializers.ValidationError(
                "This is AC and 32 characters of 0-9 and a-f. Twilio's console shows it on its first page."
            )
        return sid

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        carrier = given.get("carrier") or self.instance.carrier  # type: ignore[union-attr]
        others = {name for names in FIELDS_OF.values() for name in names} - set(FIELDS_OF[carrier])
        if strange := [name for name in given if name in others]:
            raise serializers.ValidationError(
                {name: [f"An account at {carrier} has no such field."] for name in strange}
            )
        return given


class CarrierAccountCreateSerializer(CarrierAccountChangeSerializer):
    carrier = serializers.ChoiceField(choices=Carrier.choices)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        given = super().validate(given)
        missing = [name for name in FIELDS_OF[given["carrier"]] if not given.get(name)]
        if missing:
            raise serializers.ValidationError(
                {name: [f"An account at {given['carrier']} needs this."] for name in missing}
            )
        return given


class NumberSerializer(serializers.ModelSerializer[PhoneNumber]):
    """A number that callers dial. Without an agent the organisation's default agent answers."""

    carrier_account = serializers.CharField(source="carrier_account_id")
    agent = serializers.CharField(source="agent_id", allow_null=True)

    class Meta:
        model = PhoneNumber
        fields = [
            "id",
            "number",
            "label",
            "carrier_account",
            "agent",
            "agent_version",
            "created_at",
            "updated_at",
        ]


class NumberChangeSerializer(StrictSerializer):
    """``agent_version`` pins one version; empty: the published one."""

    label = serializers.CharField(max_length=100, allow_blank=True, required=False)  # type: ignore[assignment]
    agent = ScopedRelatedField(Agent, allow_null=True, required=False)
    agent_version = serializers.IntegerField(allow_null=True, required=False, min_value=1)

    def validate_agent(self, agent: Agent | None) -> Agent | None:
        if agent is not None and agent.archived_at is not None:
            raise serializers.ValidationError("This agent is deleted.")
        return agent

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        version = given.get("agent_version")
        agent = given.get("agent", getattr(self.instance, "agent", None))
        if version is not None and (agent is None or version_of(agent, version) is None):
            raise serializers.ValidationError({"agent_version": ["The agent has no such version."]})
        return given


class NumberCreateSerializer(NumberChangeSerializer):
    number = serializers.CharField(max_length=40, help_text="E.164, such as +14155550100.")
    carrier_account = ScopedRelatedField(CarrierAccount)

    def validate_number(self, number: str) -> str:
        try:
            return checked_e164(number)
        except NotANumber as error:
            raise serializers.ValidationError(str(error)) from None


class ConfigureSerializer(StrictSerializer):
    replace = serializers.BooleanField(
        default=False, help_text="Overwrite an address at the carrier that is somebody else's."
    )


class ConfiguredSerializer(serializers.Serializer[Any]):
    """What the carrier has now."""

    number = serializers.CharField()
    voice_url = serializers.CharField()
    status_callback = serializers.CharField()
