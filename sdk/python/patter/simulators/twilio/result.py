"""The result of a call, for clients: timings, latencies, counts, troubles."""

from __future__ import annotations

from typing import Any

from patter.simulators.observed import media_result
from patter.simulators.twilio.call import Call


def result_of(call: Call) -> dict[str, Any]:
    return {
        "call_sid": call.sid,
        "status": call.status,
        "cause": call.cause,
        **media_result(call, f"/simulator/calls/{call.sid}/audio.wav"),
        "troubles": [trouble.as_json() for trouble in call.troubles],
    }
