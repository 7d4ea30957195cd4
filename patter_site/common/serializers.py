"""What every serializer of a request shares: a field that is not known is an error, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

MAX_TEXT_CHARS = 500
HINT_CHARS = 4


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields with a sentence that names the known ones: a typing error must not be silent."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            self._refuse_unknown(data)
        return super().to_internal_value(data)

    def _refuse_unknown(self, data: Mapping[str, Any]) -> None:
        known = [name for name, field in self.fields.items() if not field.read_only]
        unknown = [str(name) for name in data if name not in known]
        if unknown:
            sentence = f"Unknown field. Known here: {', '.join(known)}."
            raise serializers.ValidationError({name: [sentence] for name in unknown})


class PlainValuesField(serializers.DictField):
    """Names to plain values (text, number, truth value), as variables and custom parameters are."""

    def __init__(self, *, max_chars: int = MAX_TEXT_CHARS, **kwargs: Any) -> None:
        self.max_chars = max_chars
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values = super().to_internal_value(data)
        errors = {
            name: [problem] for name, value in values.items() if (problem := self._problem(name, value))
        }
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _problem(self, name: str, value: Any) -> str:
        if not isinstance(value, str | int | float | bool):
            return f"{name[:40]!r} must be a text, a number or a truth value."
        if len(name) + len(str(value)) >= self.max_chars:
            return f"{name[:40]!r}: name and value must stay under {self.max_chars} characters together."
        return ""


def secret_hint(secret: str) -> str:
    """What may be shown of a secret. Of a short one nothing: its end would be most of it."""
    return secret[-HINT_CHARS:] if len(secret) >= HINT_CHARS * 4 else ""
