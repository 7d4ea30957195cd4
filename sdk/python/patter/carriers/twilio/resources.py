"""What Twilio's REST interface answers with, as values. Missing fields are empty, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class TwilioCall:
    """One call leg. ``status`` is Twilio's word: queued, ringing, in-progress, completed, ..."""

    sid: str
    status: str
    to: str
    from_: str
    direction: str
    duration_s: int | None = None
    answered_by: str | None = None
    created_at: datetime | None = None
    """When Twilio took it on; None where it does not say."""

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> TwilioCall:
        duration = str(row.get("duration") or "")
        return cls(
            sid=_text(row, "sid"),
            status=_text(row, "status"),
            to=_text(row, "to"),
            from_=_text(row, "from"),
            direction=_text(row, "direction"),
            duration_s=int(duration) if duration.isdecimal() else None,
            answered_by=_text(row, "answered_by") or None,
            created_at=_moment(_text(row, "date_created")),
        )


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """``status`` is active, suspended or closed; ``kind`` is Trial or Full."""

    sid: str
    name: str
    status: str
    kind: str

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> TwilioAccount:
        return cls(_text(row, "sid"), _text(row, "friendly_name"), _text(row, "status"), _text(row, "type"))


@dataclass(frozen=True, slots=True)
class TwilioNumber:
    """A number of the account and where its calls go.

    ``is_posted``: calls and reports come by POST, which is Twilio's default, and not by GET.
    """

    sid: str
    number: str
    name: str
    voice_url: str
    status_callback: str
    takes_calls: bool
    application_sid: str = ""
    trunk_sid: str = ""
    is_posted: bool = True

    @property
    def calls_go_to(self) -> str:
        """An address, or whatever has taken the calls: Twilio ignores the address then. Empty: nowhere."""
        if self.trunk_sid:
            return f"trunk {self.trunk_sid}"
        return f"application {self.application_sid}" if self.application_sid else self.voice_url

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> TwilioNumber:
        abilities = row.get("capabilities")
        return cls(
            sid=_text(row, "sid"),
            number=_text(row, "phone_number"),
            name=_text(row, "friendly_name"),
            voice_url=_text(row, "voice_url"),
            status_callback=_text(row, "status_callback"),
            takes_calls=bool(abilities.get("voice")) if isinstance(abilities, dict) else True,
            application_sid=_text(row, "voice_application_sid"),
            trunk_sid=_text(row, "trunk_sid"),
            is_posted="GET" not in (_text(row, "voice_method"), _text(row, "status_callback_method")),
        )


def _moment(text: str) -> datetime | None:
    """Twilio's dates are those of e-mails (RFC 2822)."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
