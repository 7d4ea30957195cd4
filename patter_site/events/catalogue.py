"""Every type of event, and the JSON Schema of its ``data``. Types are public: see docs/reference/events."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    # Consumers must tolerate new names, so the schema does too.
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": sorted(required),
        "properties": {**required, **(optional or {})},
    }


CALL: dict[str, Schema] = {
    "call_id": TEXT,
    "direction": {"enum": ["inbound", "outbound", "web"]},
    "from": TEXT,
    "to": TEXT,
}
ABOUT_CALL: dict[str, Schema] = {
    "agent_id": MAYBE_TEXT,
    "number_id": MAYBE_TEXT,
    "custom_params": {"type": "object"},
    "metadata": {"type": "object"},
    "simulated": {"type": "boolean"},
}
END: dict[str, Schema] = {"status": TEXT, "outcome": TEXT, "end_reason": TEXT}
TURN: Schema = {
    "type": "object",
    "required": ["role", "text"],
    "properties": {
        "turn_id": TEXT,
        "role": {"enum": ["user", "assistant", "tool", "system"]},
        "text": TEXT,
        "full_text": MAYBE_TEXT,
        "started_ms": {"type": "integer"},
        "ended_ms": {"type": "integer"},
        "interrupted": {"type": "boolean"},
    },
}
TRANSFER: dict[str, Schema] = {
    "transfer_id": TEXT,
    "target": TEXT,
    "number": TEXT,
    "kind": {"enum": ["cold", "warm", ""]},
}
RECORDING: dict[str, Schema] = {"call_id": TEXT, "recording_id": TEXT}

CATALOGUE: dict[str, Schema] = {
    "call.started": _object(CALL, {**ABOUT_CALL, "started_at": MOMENT}),
    "call.ringing": _object(CALL, {**ABOUT_CALL, "ringing_at": MOMENT}),
    "call.machine_detected": _object(
        {**CALL, "result": {"enum": ["human", "machine", "unknown"]}}, {**ABOUT_CALL}
    ),
    "call.transferred": _object({**CALL, **TRANSFER}, {**ABOUT_CALL, "asked_by": TEXT}),
    "call.transfer_failed": _object({**CALL, **TRANSFER, "reason": TEXT}, {**ABOUT_CALL, "asked_by": TEXT}),
    "call.answered": _object(CALL, {**ABOUT_CALL, "answered_at": MOMENT}),
    "call.ended": _object(
        {**CALL, **END, "duration_s": COUNT},
        {**ABOUT_CALL, "started_at": MOMENT, "answered_at": MAYBE_MOMENT, "ended_at": MOMENT},
    ),
    "call.failed": _object(
        {**CALL, **END},
        {**ABOUT_CALL, "error_code": TEXT, "error_message": TEXT, "ended_at": MOMENT},
    ),
    "call.transcript": _object(
        {"call_id": TEXT, "turns": {"type": "array", "items": TURN}}, {"language": TEXT}
    ),
    "tool.failed": _object(
        {"call_id": TEXT, "tool": TEXT, "invocation_id": TEXT, "tries": COUNT, "error": TEXT},
        {"tool_id": MAYBE_TEXT, "may_have_taken_effect": {"type": "boolean"}},
    ),
    "recording.ready": _object(RECORDING, {"duration_ms": COUNT, "size_bytes": COUNT, "url": TEXT}),
    "recording.failed": _object(RECORDING, {"error_code": TEXT, "error_message": TEXT}),
}
