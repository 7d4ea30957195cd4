"""What changed between two configurations of an agent, in the words of its form. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import AgentVersion

NAMES: dict[str, Any] = {
    "name": _("Name"),
    "first_message": _("First message"),
    "first_speaker": _("Who speaks first"),
    "language": _("Language"),
    "mode": _("How it listens and speaks"),
    "reply_by": _("Who replies"),
    "system_prompt": _("System prompt"),
    "voice": _("Voice"),
    "stt": _("Speech recognition"),
    "llm": _("Language model"),
    "tts": _("Voice provider"),
    "turn_taking": _("Turn taking"),
    "record": _("Recording"),
    "variables": _("Variables"),
    "phrases": _("Phrases"),
    "tools": _("Tools"),
    "max_duration_s": _("Longest call"),
}


@dataclass(frozen=True, slots=True)
class Change:
    name: str | Promise
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    version: AgentVersion
    is_published: bool
    changes: list[Change]
    is_first: bool


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Field by field, in the order of the form; what the form does not know comes last."""
    names = [*NAMES, *(name for name in {**before, **after} if name not in NAMES)]
    return [
        Change(NAMES.get(name, name), _shown(before.get(name)), _shown(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def version_rows(versions: list[AgentVersion], published: int | None) -> list[VersionRow]:
    """Versions, newest first, each with what it changed."""
    older = [*versions[1:], None]
    return [
        VersionRow(
            version,
            version.number == published,
            changes_between(before.config, version.config) if before else [],
            before is None,
        )
        for version, before in zip(versions, older, strict=True)
    ]


def _shown(value: Any) -> str:
    if value in (None, "", {}, []):
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Mapping):
        return ", ".join(
            f"{name} {_shown(inner)}" for name, inner in value.items() if inner not in (None, "", {})
        )
    return str(value)
