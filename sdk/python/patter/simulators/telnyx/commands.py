"""What each command does to a leg. A new command is a function and a line in ``ACTIONS``."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from patter.carriers.telnyx.voices import SPEAK_LANGUAGES
from patter.simulators.telnyx.flow import Flow
from patter.simulators.telnyx.joining import stay_together
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.plan import FIELDS as STREAM_FIELDS
from patter.simulators.telnyx.plan import read_plan
from patter.simulators.telnyx.recordings import Recording
from patter.simulators.telnyx.refusals import RefusalError, not_answered, over

MS_PER_CHARACTER = 65
KEY_S = 0.2
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
TRANSCRIBERS = ("Google", "Telnyx", "Deepgram", "Azure", "A", "B")
Body = Mapping[str, Any]


class Switchboard(Protocol):
    """Who knows every leg."""

    def flow_of(self, call_control_id: str) -> Flow | None: ...

    def connect(self, flow: Flow, body: Body) -> Leg:
        """Dial another leg for this one, and join both when it is answered."""


@dataclass(frozen=True, slots=True)
class Action:
    """A command: which fields it knows and needs, and whether the call must be answered."""

    perform: Callable[[Flow, Body, Switchboard], Awaitable[None]]
    fields: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    answered: bool = True


async def _answer(flow: Flow, body: Body, board: Switchboard) -> None:
    leg = flow.leg
    if leg.order.direction != "incoming":
        raise RefusalError(422, "90102", "Invalid call direction", "An outbound leg cannot be answered")
    if leg.order.faults.hangs_up_first:
        leg.end("caller_hung_up", "originator_cancel", "caller", "487")
        raise over()
    if leg.state != "parked" or leg.answer_asked.is_set():
        raise RefusalError(422, "10027", "Unprocessable", "The call was answered before")
    leg.sends_silence = body.get("send_silence_when_idle") is True
    leg.webhook_url = body.get("webhook_url") or leg.webhook_url
    if body.get("stream_url"):
        raise RefusalError(422, "10032", "Not simulated", "ask for the stream with streaming_start")
    leg.answer_asked.set()


async def _hang_up(flow: Flow, body: Body, board: Switchboard) -> None:
    leg = flow.leg
    unanswered = leg.answered_ms is None
    far = "callee" if leg.order.direction == "incoming" else "caller"
    leg.end("application_hung_up", "originator_cancel" if unanswered else "normal_clearing", far)
    if leg.order.faults.hang_up_422:
        raise over()


async def _reject(flow: Flow, body: Body, board: Switchboard) -> None:
    sip = {"CALL_REJECTED": "603", "USER_BUSY": "486", "NOT_FOUND": "404", "TEMPORARILY_UNAVAILABLE": "480"}
    if body["cause"] not in sip:
        raise RefusalError(422, "10032", "Invalid enumerated value", f"cause is one of {', '.join(sip)}")
    if flow.leg.state != "parked":
        raise RefusalError(422, "10027", "Unprocessable", "Only a parked call can be rejected")
    flow.leg.note("rejected", cause=body["cause"])
    flow.leg.end("rejected", "call_rejected", "callee", sip[body["cause"]])


async def _speak(flow: Flow, body: Body, board: Switchboard) -> None:
    payload = body["payload"]
    if not isinstance(payload, str) or not 1 <= len(payload) <= 3000:
        raise RefusalError(422, "10033", "Value out of range", "payload has 1 to 3000 characters", "/payload")
    if body.get("language") not in (None, *SPEAK_LANGUAGES):
        raise RefusalError(422, "10032", "Invalid enumerated value", "unknown language", "/language")
    flow.leg.note("carrier_said", text=payload, language=body.get("language") or "")

    async def speak() -> None:
        flow.tell("call.speak.started")
        await asyncio.sleep(MS_PER_CHARACTER * len(payload) / 1000)
        flow.tell("call.speak.ended", status="completed")

    flow.beside(speak())


async def _gather(flow: Flow, body: Body, board: Switchboard) -> None:
    """Speak, then wait for the person's key: ``accepts`` of the phone says which, if any."""
    await _speak(flow, body, board)
    key = flow.leg.order.phone.accepts

    async def wait() -> None:
        await asyncio.sleep(MS_PER_CHARACTER * len(body["payload"]) / 1000)
        if key:
            flow.tell("call.dtmf.received", digit=key)
            flow.tell("call.gather.ended", digits=key, status="valid")
            return
        await asyncio.sleep(int(body.get("timeout_millis") or 60_000) / 1000)
        flow.tell("call.gather.ended", digits="", status="timeout")

    flow.gathering = flow.beside(wait())


async def _stop_gather(flow: Flow, body: Body, board: Switchboard) -> None:
    gathering, flow.gathering = flow.gathering, None
    if gathering is not None and not gathering.done():
        gathering.cancel()
        flow.tell("call.gather.ended", digits="", status="cancelled")


async def _start_transcription(flow: Flow, body: Body, board: Switchboard) -> None:
    if flow.leg.order.faults.no_transcription:
        raise RefusalError(403, "10010", "Not authorized", "This account has no transcription")
    if body.get("transcription_engine") not in (None, *TRANSCRIBERS):
        words = ", ".join(TRANSCRIBERS)
        raise RefusalError(
            422, "10032", "Invalid enumerated value", f"transcription_engine is one of {words}"
        )
    if body.get("transcription_tracks") not in (None, "inbound", "outbound", "both"):
        raise RefusalError(422, "10032", "Invalid enumerated value", "transcription_tracks")
    flow.transcribes = True


async def _stop_transcription(flow: Flow, body: Body, board: Switchboard) -> None:
    flow.transcribes = False


async def _send_dtmf(flow: Flow, body: Body, board: Switchboard) -> None:
    digits = body["digits"]
    if not isinstance(digits, str) or not digits or not set(digits) <= set("0123456789ABCD*#wW"):
        raise RefusalError(422, "10015", "Invalid value", "digits are 0-9 A-D * # w W", "/digits")
    _check_number(body, "duration_millis", 100, 500)
    flow.leg.note("carrier_pressed", digits=digits)


def _check_number(body: Body, name: str, least: int, most: int) -> None:
    value = body.get(name)
    if value is not None and (type(value) is not int or not least <= value <= most):
        raise RefusalError(422, "10033", "Value out of range", f"{name} is {least} to {most}", f"/{name}")


async def _start_stream(flow: Flow, body: Body, board: Switchboard) -> None:
    leg = flow.leg
    if leg.streaming is not None:
        raise RefusalError(422, "90045", "Streaming in use", "This call has a stream already")
    flow.start_stream(read_plan(body, leg.order.faults.leg_codec, leg.order.faults.keeps_codec))


async def _stop_stream(flow: Flow, body: Body, board: Switchboard) -> None:
    if flow.leg.streaming is None:
        raise RefusalError(422, "90048", "Streaming not in use", "This call has no stream")
    await flow.stop_stream()


async def _transfer(flow: Flow, body: Body, board: Switchboard) -> None:
    if not E164.fullmatch(str(body["to"])) and not str(body["to"]).startswith("sip:"):
        raise RefusalError(422, "10016", "Phone number must be in +E164 format", str(body["to"]), "/to")
    _check_number(body, "timeout_secs", 5, 600)
    _check_number(body, "time_limit_secs", 60, 14_400)
    check_headers(body.get("custom_headers") or [])
    board.connect(flow, body)


async def _bridge(flow: Flow, body: Body, board: Switchboard) -> None:
    other = board.flow_of(str(body["call_control_id"]))
    if other is None or other.leg.is_over:
        raise RefusalError(422, "90015", "Invalid call control ID", "The other call is not there")
    for one in (flow, other):
        one.leg.note("bridged")
        one.tell("call.bridged")
    stay_together(flow, other, parks=body.get("park_after_unbridge") == "self")


async def _start_recording(flow: Flow, body: Body, board: Switchboard) -> None:
    if body["channels"] not in ("single", "dual") or body["format"] not in ("wav", "mp3"):
        raise RefusalError(
            422, "10032", "Invalid enumerated value", "channels single or dual, format wav or mp3"
        )
    _check_number(body, "max_length", 0, 14_400)
    leg = flow.leg
    if leg.recording is not None:
        raise RefusalError(422, "10027", "Unprocessable", "This call is being recorded already")
    recording = Recording(body["channels"], body["format"], leg.now_ms())
    leg.recordings[recording.id] = recording
    leg.note("recording_started", recording_id=recording.id, channels=recording.channels)


async def _stop_recording(flow: Flow, body: Body, board: Switchboard) -> None:
    if flow.leg.recording is None:
        raise RefusalError(422, "10027", "Unprocessable", "This call is not being recorded")
    flow.end_recording(flow.leg.recording)


async def _nothing_to_do(flow: Flow, body: Body, board: Switchboard) -> None:
    """What every command may bring along was taken before."""


async def _start_playback(flow: Flow, body: Body, board: Switchboard) -> None:
    if not any(body.get(name) for name in ("audio_url", "media_name", "playback_content")):
        raise RefusalError(422, "10004", "Missing required parameter", "audio_url", "/audio_url")
    flow.leg.note("carrier_played", audio_url=body.get("audio_url", ""))
    flow.tell("call.playback.started", media_url=body.get("audio_url"))


async def _stop_playback(flow: Flow, body: Body, board: Switchboard) -> None:
    flow.tell("call.playback.ended", status="cancelled")


COMMON = frozenset({"client_state", "command_id"})
WEBHOOK = frozenset({"webhook_url", "webhook_url_method"})
ACTIONS: dict[str, Action] = {
    "answer": Action(
        _answer,
        STREAM_FIELDS | WEBHOOK | {"send_silence_when_idle", "preferred_codecs", "custom_headers"},
        answered=False,
    ),
    "hangup": Action(_hang_up, frozenset({"reason"}), answered=False),
    "reject": Action(_reject, frozenset({"cause"}), frozenset({"cause"}), answered=False),
    "speak": Action(
        _speak,
        frozenset({"payload", "voice", "language", "payload_type", "loop", "stop"}),
        frozenset({"payload", "voice"}),
    ),
    "gather_using_speak": Action(
        _gather,
        frozenset(
            "payload voice language payload_type minimum_digits maximum_digits maximum_tries timeout_millis "
            "inter_digit_timeout_millis terminating_digit valid_digits invalid_payload".split()
        ),
        frozenset({"payload", "voice"}),
    ),
    "gather_stop": Action(_stop_gather),
    "transcription_start": Action(
        _start_transcription,
        frozenset({"transcription_engine", "transcription_engine_config", "transcription_tracks"}),
    ),
    "transcription_stop": Action(_stop_transcription),
    "send_dtmf": Action(_send_dtmf, frozenset({"digits", "duration_millis"}), frozenset({"digits"})),
    "streaming_start": Action(_start_stream, STREAM_FIELDS, frozenset({"stream_url"})),
    "streaming_stop": Action(_stop_stream),
    "transfer": Action(
        _transfer,
        WEBHOOK
        | frozenset(
            "to from audio_url media_name target_leg_client_state answering_machine_detection timeout_secs "
            "time_limit_secs early_media mute_dtmf park_after_unbridge custom_headers".split()
        ),
        frozenset({"to"}),
    ),
    "bridge": Action(
        _bridge, frozenset({"call_control_id", "park_after_unbridge"}), frozenset({"call_control_id"})
    ),
    "record_start": Action(
        _start_recording,
        frozenset(
            {"channels", "format", "max_length", "play_beep", "recording_track", "trim", "timeout_secs"}
        ),
        frozenset({"channels", "format"}),
    ),
    "record_stop": Action(_stop_recording),
    "playback_start": Action(
        _start_playback,
        frozenset(
            "audio_url media_name playback_content audio_type loop overlay stop target_legs".split(),
        ),
    ),
    "playback_stop": Action(_stop_playback, frozenset({"stop", "overlay"})),
    "client_state_update": Action(_nothing_to_do, required=frozenset({"client_state"}), answered=False),
}


async def perform(name: str, flow: Flow, body: Body, board: Switchboard) -> None:
    """Check a command and carry it out. Raises RefusalError."""
    action, leg = ACTIONS.get(name), flow.leg
    if action is None:
        raise RefusalError(404, "10005", "Resource not found", f"no such command: {name}")
    if leg.is_over:
        raise over()
    if leg.is_repeated(str(body.get("command_id") or "")):
        leg.note("command_repeated", name=name)
        return
    check_fields(body, action.fields | COMMON | action.required, action.required)
    check_webhook(body)
    if action.answered and leg.answered_ms is None:
        raise not_answered()
    leg.note("command", name=name, command_id=str(body.get("command_id") or ""))
    if body.get("client_state") is not None:
        leg.client_state = check_state(body["client_state"])
    await action.perform(flow, body, board)


def check_fields(body: Body, known: frozenset[str], required: frozenset[str]) -> None:
    if missing := sorted(required - body.keys()):
        raise RefusalError(422, "10004", "Missing required parameter", ", ".join(missing), f"/{missing[0]}")
    if unknown := sorted(body.keys() - known):
        raise RefusalError(
            422, "10015", "Invalid parameter", f"unknown: {', '.join(unknown)}", f"/{unknown[0]}"
        )


def check_headers(given: Any) -> list[dict[str, str]]:
    for row in given if isinstance(given, list) else [None]:
        if not isinstance(row, dict) or set(row) != {"name", "value"}:
            raise RefusalError(422, "10015", "Invalid value", "custom_headers is a list of names and values")
    return list(given)


def check_webhook(body: Body) -> None:
    url = body.get("webhook_url")
    if url and urlsplit(str(url)).scheme not in ("http", "https"):
        raise RefusalError(422, "10015", "Invalid value", "webhook_url is an address", "/webhook_url")


def check_state(value: Any) -> str:
    try:
        b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise RefusalError(422, "90017", "Invalid client_state", "client_state must be base64") from None
    return str(value)
