"""What Telnyx's REST interface answers with, as values. Missing fields are empty, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.carriers.telnyx.commands import decode_state


@dataclass(frozen=True, slots=True)
class TelnyxCall:
    """One call leg. ``call_control_id`` is what commands name; ``client_state`` is our own text."""

    call_control_id: str
    call_session_id: str = ""
    is_alive: bool = False
    client_state: str = ""

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> TelnyxCall:
        return cls(
            call_control_id=_text(row, "call_control_id"),
            call_session_id=_text(row, "call_session_id"),
            is_alive=row.get("is_alive") is True,
            client_state=decode_state(row.get("client_state")),
        )


@dataclass(frozen=True, slots=True)
class TelnyxApplication:
    """A Call Control application. Its id is the ``connection_id`` of its numbers and calls."""

    connection_id: str
    name: str
    active: bool
    webhook_url: str
    failover_url: str
    api_version: str
    outbound_profile_id: str

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> TelnyxApplication:
        outbound = row.get("outbound")
        profile = _text(outbound, "outbound_voice_profile_id") if isinstance(outbound, dict) else ""
        return cls(
            connection_id=_text(row, "id"),
            name=_text(row, "application_name"),
            active=row.get("active") is not False,
            webhook_url=_text(row, "webhook_event_url"),
            failover_url=_text(row, "webhook_event_failover_url"),
            api_version=_text(row, "webhook_api_version"),
            outbound_profile_id=profile,
        )


@dataclass(frozen=True, slots=True)
class TelnyxNumber:
    """A number of the account and the connection that its calls go to."""

    id: str
    number: str
    connection_id: str
    status: str

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> TelnyxNumber:
        return cls(
            _text(row, "id"), _text(row, "phone_number"), _text(row, "connection_id"), _text(row, "status")
        )


@dataclass(frozen=True, slots=True)
class TelnyxProfile:
    """An outbound voice profile: who may be called through the applications that have it."""

    id: str
    name: str
    enabled: bool
    concurrent_calls: int | None
    destinations: tuple[str, ...]

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> TelnyxProfile:
        limit, allowed = row.get("concurrent_call_limit"), row.get("whitelisted_destinations")
        return cls(
            id=_text(row, "id"),
            name=_text(row, "name"),
            enabled=row.get("enabled") is not False,
            concurrent_calls=limit if isinstance(limit, int) else None,
            destinations=tuple(str(country) for country in allowed) if isinstance(allowed, list) else (),
        )


@dataclass(frozen=True, slots=True)
class TelnyxRecording:
    """A recording. ``download_url`` is good for ten minutes; asking again gives a fresh one."""

    id: str
    status: str
    duration_ms: int
    download_url: str
    call_control_id: str = ""

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> TelnyxRecording:
        urls, duration = row.get("download_urls"), row.get("duration_millis")
        urls = urls if isinstance(urls, dict) else {}
        return cls(
            id=_text(row, "id"),
            status=_text(row, "status"),
            duration_ms=duration if isinstance(duration, int) else 0,
            download_url=_text(urls, "wav") or _text(urls, "mp3"),
            call_control_id=_text(row, "call_control_id"),
        )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    # Telnyx's ids are numbers in some answers and texts in others.
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
