"""Calls as they really look, for tests and for showing the pages: words, a cut, a key, a tool, sound."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from agents.models import Agent
from calls.models import Call, CallEvent, Recording, ToolInvocation, Turn
from calls.services.finish import index_transcript
from calls.services.invocations import begin_invocation, record_try, take_invocation
from patter.bridge.commands import ToolRun
from patter.tools.retry import Failure
from patter.tools.spec import ToolContext
from patter.tools.webhook import Try
from patter_site.accounts.models import Organisation
from tools.services import create_tool
from tools.specs import spec_of

RATE_HZ = 8000
PEAK_MS = 50


@dataclass(frozen=True)
class Said:
    """One turn. Latency as (end of turn, reply, speech, line)."""

    role: str
    text: str
    started_ms: int
    ended_ms: int
    full_text: str | None = None
    lag: tuple[int, int, int, int] | None = None
    noted: dict[str, Any] = field(default_factory=dict)


TABLE_FOR_FOUR: tuple[Said, ...] = (
    Said("assistant", "Good evening, this is the front desk of the Lindenhof. How can I help?", 300, 4100),
    Said("user", "Hello, do you have a table for four tonight?", 5200, 7900),
    Said("tool", "check_availability(guests=4, day=today) → 200 in 318 ms", 8300, 8620),
    Said(
        "assistant",
        "Let me look. Yes, at eight o'clock.",
        8512,
        11900,
        lag=(210, 244, 121, 37),
        noted={"decided_by": "speech_final", "silence_ms": 210, "words": 9},
    ),
    Said("user", "And could we sit outside?", 13000, 14600),
    Said(
        "assistant",
        "The terrace is open until ten, and I can",
        15420,
        17900,
        full_text="The terrace is open until ten, and I can put you next to the old lime tree if you like.",
        lag=(320, 301, 150, 49),
        noted={"decided_by": "turn_timeout", "silence_ms": 320, "words": 5},
    ),
    Said("user", "Perfect, please do that.", 17500, 19100),
    Said(
        "assistant",
        "Done. Press one to get the confirmation by text message.",
        21320,
        24700,
        lag=(740, 1190, 240, 50),
        noted={"decided_by": "turn_timeout", "silence_ms": 740, "words": 4},
    ),
    Said("user", "[DTMF: 1]", 26000, 26100),
    Said(
        "assistant",
        "It is on its way. We look forward to seeing you at eight.",
        26700,
        30100,
        lag=(0, 390, 160, 50),
        noted={"decided_by": "key"},
    ),
    Said("user", "Thank you, goodbye.", 30900, 32100),
    Said(
        "assistant", "Goodbye.", 32640, 33400, lag=(205, 180, 118, 37), noted={"decided_by": "speech_final"}
    ),
)


def make_full_call(
    organisation: Organisation,
    *,
    said: Sequence[Said] = TABLE_FOR_FOUR,
    agent: Agent | None = None,
    recorded: bool = True,
    live: bool = False,
    answered_at: datetime | None = None,
    **fields: Any,
) -> Call:
    """An answered call with what was said in it; ``live`` leaves it going on."""
    answered_at = answered_at or timezone.now() - timedelta(minutes=5)
    ended_ms = max((turn.ended_ms for turn in said), default=0) + 600
    values: dict[str, Any] = {
        "direction": "inbound",
        "status": "in_progress" if live else "completed",
        "from_number": "+41446681800",
        "to_number": "+15005550006",
        "carrier": "twilio",
        "agent": agent,
        "agent_version": agent.published_version if agent else None,
        "created_at": answered_at - timedelta(seconds=6),
        "ringing_at": answered_at - timedelta(seconds=5),
        "answered_at": answered_at,
    }
    if not live:
        values |= {
            "outcome": "human",
            "end_reason": "caller_hung_up",
            "ended_at": answered_at + timedelta(milliseconds=ended_ms),
            "duration_s": round(ended_ms / 1000),
        }
    call = Call.objects.create(organisation=organisation, **{**values, **fields})
    _happened(call, said, answered_at)
    add_turns(call, said)
    if recorded and not live:
        add_recording(call, said, ended_ms)
    return call


def make_unanswered_call(organisation: Organisation, **fields: Any) -> Call:
    """A call that never came about."""
    values = {
        "direction": "outbound",
        "status": "failed",
        "outcome": "no_answer",
        "end_reason": "no_answer",
        "from_number": "+15005550006",
        "to_number": "+41446681801",
        "carrier": "twilio",
        "ended_at": timezone.now(),
    }
    return Call.objects.create(organisation=organisation, **{**values, **fields})


def add_turns(call: Call, said: Sequence[Said], first_index: int = 0) -> list[Turn]:
    """Write turns, and the events that prove their timing."""
    turns = []
    for index, each in enumerate(said, first_index):
        turn = Turn.objects.create(
            organisation=call.organisation,
            call=call,
            index=index,
            turn_id=f"t{index}",
            role=each.role,
            text=each.text,
            full_text=each.full_text,
            started_ms=each.started_ms,
            ended_ms=each.ended_ms,
            interrupted=each.full_text is not None,
            latency=_latency(each),
        )
        if each.noted:
            _note(call, "turn.ended", each.started_ms - 200, turn_id=turn.turn_id, **each.noted)
        if each.full_text is not None:
            _note(
                call, "barge_in.confirmed", each.ended_ms, by="word", word="perfect", heard_ms=each.ended_ms
            )
        turns.append(turn)
    index_transcript(call)
    return turns


def add_recording(call: Call, said: Sequence[Said], duration_ms: int) -> Recording:
    """A real WAV, the caller left and the agent right, with its peaks."""
    sides = {"caller": _side(said, "user", duration_ms), "agent": _side(said, "assistant", duration_ms)}
    sound = _wav(sides["caller"], sides["agent"])
    name = default_storage.save(f"recordings/{call.pk}.wav", ContentFile(sound))
    return Recording.objects.create(
        organisation=call.organisation,
        call=call,
        status=Recording.Status.READY,
        state=Recording.State.DONE,
        file=name,
        size_bytes=len(sound),
        duration_ms=duration_ms,
        segments=1,
        peaks={side: _peaks(samples) for side, samples in sides.items()},
    )


def _latency(said: Said) -> dict[str, int] | None:
    if said.lag is None:
        return None
    names = ("end_of_turn_ms", "reply_ms", "speech_ms", "line_ms")
    return {**dict(zip(names, said.lag, strict=True)), "total_ms": sum(said.lag)}


def _note(call: Call, kind: str, at_ms: int | None, **data: Any) -> CallEvent:
    return CallEvent.objects.create(
        organisation=call.organisation, call=call, kind=kind, at_ms=at_ms, data=data
    )


def _happened(call: Call, said: Sequence[Said], answered_at: datetime) -> None:
    for kind, seconds, data in (
        ("call.ringing", -5, {"carrier_status": "ringing"}),
        ("call.answered", 0, {"carrier_status": "in-progress"}),
        ("media.connected", 0, {"format": "mulaw/8000", "stream": "MZ41f0"}),
    ):
        CallEvent.objects.create(
            organisation=call.organisation,
            call=call,
            kind=kind,
            data=data,
            at_ms=0 if kind.startswith("media") else None,
            created_at=answered_at + timedelta(seconds=seconds),
        )


def _side(said: Sequence[Said], role: str, duration_ms: int) -> np.ndarray[Any, Any]:
    """A hum with the rhythm of syllables where this side speaks."""
    samples = np.zeros(duration_ms * RATE_HZ // 1000)
    rng = np.random.default_rng(7 if role == "user" else 11)
    pitch_hz = 118 if role == "user" else 205
    for turn in said:
        if turn.role != role or turn.text.startswith("[DTMF"):
            continue
        first, last = turn.started_ms * RATE_HZ // 1000, min(turn.ended_ms * RATE_HZ // 1000, len(samples))
        t = np.arange(last - first) / RATE_HZ
        voice = sum(np.sin(2 * np.pi * pitch_hz * k * t) / k for k in (1, 2, 3))
        knots = rng.uniform(0.05, 1.0, max(len(t) // 1000, 2))
        rhythm = np.interp(np.linspace(0, len(knots) - 1, len(t)), np.arange(len(knots)), knots)
        samples[first:last] = voice * rhythm * 0.32
    return samples


def _peaks(samples: np.ndarray[Any, Any]) -> list[int]:
    size = RATE_HZ * PEAK_MS // 1000
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    return [int(value) for value in np.clip(np.abs(blocks).max(axis=1) * 160, 0, 100)]


def _wav(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> bytes:
    both = (np.stack([left, right], axis=1).clip(-1, 1) * 32767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(both.tobytes())
    return out.getvalue()


def make_run(call: Call) -> ToolInvocation:
    """A tool of the organisation, and its run in this call: it worked at the second try."""
    tool = create_tool(
        organisation=call.organisation,
        values={
            "name": "check_availability",
            "description": "Look for a free table. Use it before you promise one.",
            "parameters": {"type": "object", "properties": {"guests": {"type": "integer"}}},
            "url": "https://api.example.com/tables",
            "secret_headers": {"X-Key": "a key that nobody sees"},
        },
    )
    context = ToolContext(call.pk, call.from_number, call.to_number)
    command = ToolRun("t2r1.0", tool.name, {"guests": 4})
    taken = begin_invocation(call.organisation_id, context, spec_of(tool, {}), command)
    refused = Failure("status", "The server answered 503.", 503)
    record_try(taken, Try(refused, None, 503, 41, "busy"))
    ToolInvocation.objects.of(call.organisation_id).update(due_at=timezone.now())
    again = take_invocation(taken.invocation.pk)
    if again is not None:
        record_try(again, Try(None, {"free": ["20:00"]}, 200, 318, '{"free": ["20:00"]}'))
    return taken.invocation
