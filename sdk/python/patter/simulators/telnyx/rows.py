"""What the simulated REST interface shows of legs, applications, profiles and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.refusals import RefusalError
from patter.simulators.telnyx.world import Application, Number, Profile


def page_of(rows: list[dict[str, Any]], asked: Mapping[str, str]) -> dict[str, Any]:
    """Twenty rows at a time, unless more are asked for (at most 250)."""
    number, size = _page_number(asked, "page[number]", 1), min(_page_number(asked, "page[size]", 20), 250)
    meta = {
        "page_number": number,
        "page_size": size,
        "total_pages": max(1, -(-len(rows) // size)),
        "total_results": len(rows),
    }
    return {"data": rows[(number - 1) * size : number * size], "meta": meta}


def _page_number(asked: Mapping[str, str], name: str, default: int) -> int:
    value = asked.get(name, str(default))
    if not value.isdecimal() or not int(value):
        raise RefusalError(422, "10015", "Invalid value", f"{name} is a number from 1 on")
    return int(value)


def leg_json(leg: Leg) -> dict[str, Any]:
    return {
        "record_type": "call",
        "call_control_id": leg.id,
        "call_leg_id": leg.leg_id,
        "call_session_id": leg.session_id,
        "client_state": leg.client_state,
        "is_alive": not leg.is_over,
        "call_duration": leg.duration_s,
    }


def application_json(application: Application) -> dict[str, Any]:
    profile = application.profile
    return {
        "record_type": "call_control_application",
        "id": application.connection_id,
        "application_name": application.name,
        "active": application.active,
        "webhook_event_url": application.webhook_url,
        "webhook_event_failover_url": application.failover_url or None,
        "webhook_api_version": application.api_version,
        "outbound": {"channel_limit": None, "outbound_voice_profile_id": profile.id if profile else None},
    }


def profile_json(profile: Profile) -> dict[str, Any]:
    return {
        "record_type": "outbound_voice_profile",
        "id": profile.id,
        "name": profile.name,
        "enabled": profile.enabled,
        "concurrent_call_limit": profile.concurrent_calls,
        "whitelisted_destinations": list(profile.destinations),
    }


def number_json(number: Number) -> dict[str, Any]:
    return {
        "record_type": "phone_number",
        "id": number.id,
        "phone_number": number.number,
        "status": number.status,
        "connection_id": number.connection_id or None,
    }
