"""The result of a call, for clients: timings, latencies, counts, troubles."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from patter.audio.frames import BYTES_PER_MS
from patter.simulators.sound import is_audible
from patter.simulators.twilio.call import Call


def result_of(call: Call) -> dict[str, Any]:
    media = call.media
    return {
        "call_sid": call.sid,
        "status": call.status,
        "cause": call.cause,
        "over": call.finished.is_set(),
        "duration_s": call.duration_s,
        "answered_ms": call.answered_ms,
        "latencies_ms": call.latencies_ms,
        "audio": {
            "path": f"/simulator/calls/{call.sid}/audio.wav",
            "ms": len(media.agent) // BYTES_PER_MS,
            "agent_was_heard": any(fact.kind == "agent_started" for fact in call.facts)
            or is_audible(bytes(media.agent)),
        },
        "stats": {
            **media.counts,
            "underruns": [asdict(underrun) for underrun in media.underruns],
            "late_frames": len(media.late_frames()),
            "worst_clock_lag_ms": round(media.worst_clock_lag_ms, 3),
        },
        "troubles": [trouble.as_json() for trouble in call.troubles],
        "facts": [fact.as_json() for fact in call.facts],
    }
