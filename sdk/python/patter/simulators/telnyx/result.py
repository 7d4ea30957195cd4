"""The result of a leg, for clients: timings, latencies, counts, complaints."""

from __future__ import annotations

from typing import Any

from patter.simulators.observed import media_result
from patter.simulators.telnyx.leg import Leg


def result_of(leg: Leg) -> dict[str, Any]:
    return {
        "call_sid": leg.id,
        "status": leg.status,
        "cause": leg.cause,
        **media_result(leg, f"/simulator/telnyx/calls/{leg.id}/audio.wav"),
        "troubles": [{"code": 0, "text": text, "level": "error"} for text in leg.complaints],
    }
