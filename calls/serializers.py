"""Calls as the API shows and takes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from agents.models import Agent
from calls.models import Call, CallEvent
from calls.services.control import MAX_SAY_CHARS
from patter.carriers.params import MOST_CHARS, MOST_PARAMS, as_text, param_problem, params_problem
from patter.turn_taking import BOUNDS
from patter_site.common.serializers import PlainValuesField, StrictSerializer
from patter_site.common.views import ScopedRelatedField

MAX_MESSAGE_CHARS = 2000
FURTHEST = timedelta(days=60)


class CallSerializer(serializers.ModelSerializer[Call]):
    """A call. Times are ISO 8601 UTC, durations whole seconds; empty words are null."""

    agent = serializers.CharField(source="agent_id", allow_null=True)
    number = serializers.CharField(source="number_id", allow_null=True)
    carrier_account = serializers.CharField(source="carrier_account_id", allow_null=True)
    outcome = serializers.SerializerMethodField()
    end_reason = serializers.SerializerMethodField()
    blocked_by = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Call
        fields = [
            "id",
            "direction",
            "status",
            "outcome",
            "end_reason",
            "blocked_by",
            "error",
            "agent",
            "agent_version",
            "number",
            "carrier",
            "carrier_account",
            "carrier_call_id",
            "first_message",
            "variables",
            "custom_params",
            "metadata",
            "record",
            "max_duration_s",
            "ring_s",
            "machine_detection",
            "on_machine",
            "voicemail_message",
            "simulated",
            "scheduled_at",
            "created_at",
            "started_at",
            "ringing_at",
            "answered_at",
            "ended_at",
            "duration_s",
        ]

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python, so it cannot be declared above.
        fields = super().get_fields()
        fields["from"] = serializers.CharField(source="from_number")
        fields["to"] = serializers.CharField(source="to_number")
        return fields

    def get_outcome(self, call: Call) -> str | None:
        return call.outcome or None

    def get_end_reason(self, call: Call) -> str | None:
        return call.end_reason or None

    def get_blocked_by(self, call: Call) -> str | None:
        return call.blocked_by or None

    def get_error(self, call: Call) -> dict[str, str] | None:
        """Why it went wrong: a code and the carrier's or our own sentence."""
        return {"code": call.error_code, "message": call.error_message} if call.error_code else None


PARAMS_HELP = (
    f"At most {MOST_PARAMS}, name and value under {MOST_CHARS} characters together. "
    "At Telnyx those named `X-…` go to the callee as SIP headers."
)


class CustomParamsField(PlainValuesField):
    """What a carrier could not take along is an error here, before anybody is phoned."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values = super().to_internal_value(data)
        if problem := params_problem(values):
            raise serializers.ValidationError(problem)
        return values

    def _problem(self, name: str, value: Any) -> str:
        return super()._problem(name, value) or param_problem(name, as_text(value)) or ""


class CallCreateSerializer(StrictSerializer):
    """Without ``from`` the agent's oldest number calls; without ``agent`` whoever answers it speaks."""

    to = serializers.CharField(max_length=40, help_text="Whom to call, E.164.")
    agent = ScopedRelatedField(Agent, required=False, allow_null=True)
    first_message = serializers.CharField(required=False, allow_blank=True, max_length=MAX_MESSAGE_CHARS)
    variables = PlainValuesField(required=False, max_chars=MAX_MESSAGE_CHARS)
    custom_params = CustomParamsField(required=False, help_text=PARAMS_HELP)
    metadata = serializers.DictField(required=False, help_text="Yours; comes back as it is.")
    machine_detection = serializers.BooleanField(required=False, allow_null=True)
    on_machine = serializers.ChoiceField(choices=Call.OnMachine.choices, required=False)
    voicemail_message = serializers.CharField(required=False, allow_blank=True, max_length=MAX_MESSAGE_CHARS)
    record = serializers.BooleanField(required=False, allow_null=True)
    max_duration_s = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=int(BOUNDS["max_duration_s"].lowest),
        max_value=int(BOUNDS["max_duration_s"].highest),
    )
    ring_s = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=int(BOUNDS["ring_s"].lowest),
        max_value=int(BOUNDS["ring_s"].highest),
    )
    scheduled_at = serializers.DateTimeField(required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["from"] = serializers.CharField(
            required=False, max_length=40, help_text="One of your numbers."
        )
        return fields

    def validate_scheduled_at(self, at: Any) -> Any:
        if at is not None and not timezone.now() <= at <= timezone.now() + FURTHEST:
            raise serializers.ValidationError("This lies in the past, or more than 60 days ahead.")
        return at

    def validate_metadata(self, metadata: dict[str, Any]) -> dict[str, Any]:
        if len(str(metadata)) > 4000:
            raise serializers.ValidationError("At most 4,000 characters.")
        return metadata


class SaySerializer(StrictSerializer):
    text = serializers.CharField(max_length=MAX_SAY_CHARS)


class AcceptedSerializer(serializers.Serializer[Any]):
    """The wish was handed on to the process that carries the call."""

    accepted = serializers.BooleanField()


class LatencySerializer(serializers.Serializer[Any]):
    """Milliseconds: caller silent → decided → first text → first audio → first frame sent."""

    end_of_turn_ms = serializers.IntegerField(required=False)
    reply_ms = serializers.IntegerField(required=False)
    speech_ms = serializers.IntegerField(required=False)
    line_ms = serializers.IntegerField(required=False)
    total_ms = serializers.IntegerField(required=False)


class TurnSerializer(serializers.Serializer[Any]):
    """One side's go. ``text`` is what was heard; ``full_text`` what was meant, when that differs."""

    turn_id = serializers.CharField()
    role = serializers.ChoiceField(choices=["user", "assistant", "tool", "system"])
    text = serializers.CharField()
    full_text = serializers.CharField(required=False)
    started_ms = serializers.IntegerField(help_text="Since media began.")
    ended_ms = serializers.IntegerField()
    interrupted = serializers.BooleanField()
    latency = LatencySerializer(required=False)


class TranscriptSerializer(serializers.Serializer[Any]):
    turns = TurnSerializer(many=True)


class CallEventSerializer(serializers.ModelSerializer[CallEvent]):
    """One line of a call's timeline."""

    class Meta:
        model = CallEvent
        fields = ["id", "kind", "at_ms", "data", "created_at"]
