"""Validation errors, however nested, as ``{"stt.model": ["A sentence."]}``."""

from __future__ import annotations

from typing import Any

Fields = dict[str, list[str]]
GENERAL = "non_field_errors"


def field_sentences(detail: Any, prefix: str = "") -> Fields:
    """Flatten the errors of a serializer or a model. Names inside objects and lists are joined by dots."""
    if isinstance(detail, dict):
        return _merged((field_sentences(inner, _joined(prefix, str(name))) for name, inner in detail.items()))
    if isinstance(detail, list | tuple):
        if any(isinstance(item, dict | list) for item in detail):
            return _merged(field_sentences(item, _joined(prefix, str(i))) for i, item in enumerate(detail))
        return {prefix or GENERAL: [str(item) for item in detail]} if detail else {}
    return {prefix or GENERAL: [str(detail)]}


def first_sentence(fields: Fields) -> str:
    """One sentence for people who read only the message."""
    if general := fields.get(GENERAL):
        return general[0]
    for name, sentences in fields.items():
        return f"{name}: {sentences[0]}"
    return ""


def _joined(prefix: str, name: str) -> str:
    if name in (GENERAL, "__all__"):
        return prefix or GENERAL
    return f"{prefix}.{name}" if prefix else name


def _merged(parts: Any) -> Fields:
    merged: Fields = {}
    for part in parts:
        for name, sentences in part.items():
            merged.setdefault(name, []).extend(sentences)
    return merged
