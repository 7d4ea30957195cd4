"""What the API takes and shows of keys and transfers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from calls.models import Transfer
from calls.services.transfer import MAX_SUMMARY_CHARS
from patter.bridge.away import MOST_DIGITS
from patter.bridge.transfers import KINDS
from patter_site.common.serializers import StrictSerializer


class DigitsSerializer(StrictSerializer):
    digits = serializers.CharField(
        max_length=MOST_DIGITS, help_text="0-9 A-D * # and w (waits 0.5 s), W (waits 1 s)."
    )


class TransferRequestSerializer(StrictSerializer):
    target = serializers.CharField(
        max_length=100, help_text="The name of one of the agent's targets, or a number that it may call."
    )
    kind = serializers.ChoiceField(
        choices=list(KINDS), required=False, help_text="Left out: as the target says."
    )
    summary = serializers.CharField(
        max_length=MAX_SUMMARY_CHARS,
        required=False,
        allow_blank=True,
        help_text="Told to the human before they take a warm transfer.",
    )


class TransferMomentSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Transfer.State.choices)
    at = serializers.DateTimeField()
    reason = serializers.CharField(required=False)


class TransferSerializer(serializers.ModelSerializer[Transfer]):
    """One transfer of a call. ``reason`` says why it failed; ``talk_s`` how long both spoke."""

    timeline = TransferMomentSerializer(many=True)
    talk_s = serializers.IntegerField(allow_null=True)

    class Meta:
        model = Transfer
        fields = [
            "id",
            "kind",
            "target",
            "number",
            "summary",
            "asked_by",
            "state",
            "reason",
            "timeline",
            "created_at",
            "joined_at",
            "ended_at",
            "talk_s",
        ]
