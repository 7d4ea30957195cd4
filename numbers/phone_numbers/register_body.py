"""What ``POST /numbers/register`` takes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from agents.config import SttField, TtsField
from agents.serializers import CredentialCreateSerializer
from patter_site.common.e164 import NotANumber, checked_e164
from phone_numbers.register import Voice
from phone_numbers.serializers import FIELDS_OF, CarrierAccountCreateSerializer

KEY_FIELDS = ("api_key", "base_url")


class SttWithKeyField(SttField):
    """A recogniser with its key; the key is kept in provider credentials."""

    api_key = serializers.CharField(max_length=500, required=False, write_only=True)
    base_url = serializers.CharField(max_length=300, required=False, write_only=True)


class TtsWithKeyField(TtsField):
    """A voice with its key; the key is kept in provider credentials."""

    api_key = serializers.CharField(max_length=500, required=False, write_only=True)
    base_url = serializers.CharField(max_length=300, required=False, write_only=True)


class RegisterSerializer(CarrierAccountCreateSerializer):
    """Twilio: ``account_sid``, ``auth_token``. Telnyx: ``api_key``, ``public_key``, ``connection_id``."""

    number = serializers.CharField(max_length=40, help_text="E.164, such as +14155550100.")
    stt = SttWithKeyField(required=False, allow_null=True)
    tts = TtsWithKeyField(required=False, allow_null=True)
    replace = serializers.BooleanField(
        default=False, help_text="Take the number over from another agent, and its address at the carrier."
    )

    def validate_number(self, number: str) -> str:
        try:
            return checked_e164(number)
        except NotANumber as error:
            raise serializers.ValidationError(str(error)) from None

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        for stage in ("stt", "tts"):
            self._check_key(stage, given.get(stage) or {})
        return super().validate(given)

    def _check_key(self, stage: str, chosen: dict[str, Any]) -> None:
        key = {name: chosen[name] for name in KEY_FIELDS if name in chosen}
        if not key:
            return
        checked = CredentialCreateSerializer(data={"provider": chosen["provider"], **key})
        if not checked.is_valid():
            raise serializers.ValidationError({stage: checked.errors})


def registration_of(given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``register_number``."""
    account = {name: given[name] for name in FIELDS_OF[given["carrier"]]}
    voices = {stage: _voice(given[stage]) for stage in ("stt", "tts") if given.get(stage)}
    return {
        "number": given["number"],
        "carrier": given["carrier"],
        "account": account,
        "replace": given["replace"],
        **voices,
    }


def _voice(chosen: dict[str, Any]) -> Voice:
    settings = {name: value for name, value in chosen.items() if name not in KEY_FIELDS}
    return Voice(settings, chosen.get("api_key", ""), chosen.get("base_url", ""))
