"""What the simulated REST interface shows of calls, numbers and recordings."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from patter.simulators.twilio.call import Call
from patter.simulators.twilio.recordings import Recording
from patter.simulators.twilio.world import Number


def call_json(call: Call) -> dict[str, Any]:
    order, account_sid = call.order, call.order.account.account_sid
    created = format_datetime(call.created_at)
    return {
        "sid": call.sid,
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "status": call.status,
        "to": order.to,
        "to_formatted": order.to,
        "from": order.from_,
        "from_formatted": order.from_,
        "direction": order.direction,
        "date_created": created,
        "date_updated": created,
        "start_time": created if call.answered_ms is not None else None,
        "end_time": created if call.is_over else None,
        "duration": str(call.duration_s) if call.is_over else None,
        "answered_by": call.answered_by,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": str(round(order.queued_s * 1000)),
        "uri": f"/2010-04-01/Accounts/{account_sid}/Calls/{call.sid}.json",
        "subresource_uris": {},
    }


def number_json(number: Number) -> dict[str, Any]:
    return {
        "sid": number.sid,
        "account_sid": number.account_sid,
        "phone_number": number.number,
        "friendly_name": number.friendly_name or number.number,
        "voice_url": number.voice_url,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.voice_fallback_url,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "voice_application_sid": number.voice_application_sid or None,
        "trunk_sid": number.trunk_sid or None,
        "capabilities": {"voice": number.takes_calls, "SMS": False, "MMS": False, "fax": False},
        "uri": f"/2010-04-01/Accounts/{number.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
    }


def recording_json(recording: Recording, call: Call) -> dict[str, Any]:
    account_sid = call.order.account.account_sid
    failed = call.order.faults.recording_failed
    done = "absent" if failed else "completed"
    return {
        "sid": recording.sid,
        "account_sid": account_sid,
        "call_sid": call.sid,
        "status": done if call.is_over else "in-progress",
        "channels": 2,
        "source": recording.source,
        "start_time": recording.started_at,
        "duration": str(recording.seconds(call)) if call.is_over else None,
        "price": None,
        "uri": f"/2010-04-01/Accounts/{account_sid}/Recordings/{recording.sid}.json",
    }


def page_of(name: str, rows: Iterable[dict[str, Any]], request: Request) -> Response:
    size = request.query_params.get("PageSize", "50")
    limit = int(size) if size.isdecimal() else 50
    shown = list(rows)[:limit]
    body = {name: shown, "page": 0, "page_size": limit, "next_page_uri": None, "uri": request.url.path}
    return JSONResponse(body)
