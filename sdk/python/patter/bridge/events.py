"""Everything that can happen in a call, as values.

An event enters the call machine together with the time it was received. Nothing here waits, and
nothing here knows a carrier or a provider: their JSON has already been parsed at the door.

Here is what the line does and what is asked from outside; what providers, handlers and tools answer is in
``engine_events.py``. Whoever takes or makes events has them all from here.

Audio is µ-law, 8 kHz, mono unless a field says otherwise: 8 bytes are one millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from patter.bridge.engine_events import (
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    LlmDelta,
    LlmDone,
    LlmFailed,
    LlmToolCall,
    ProviderSwitched,
    ReplyEvent,
    SpeechClosed,
    SpeechEvent,
    SpeechFailed,
    SpeechMessage,
    SpeechOpened,
    SpeechUsed,
    SttClosed,
    SttEagerEnd,
    SttEvent,
    SttFailed,
    SttHeard,
    SttOpened,
    SttResumed,
    SttSpeechStarted,
    SttUtteranceEnded,
    ToolDone,
    TtsAudio,
    TtsDone,
    TtsFailed,
    WordTime,
)

__all__ = [
    "CallerAudio",
    "CarrierEnded",
    "ControlEvent",
    "DigitPressed",
    "DigitsAsked",
    "DigitsFailed",
    "DigitsSent",
    "Event",
    "FrameRejected",
    "HandlerDelta",
    "HandlerDone",
    "HandlerFailed",
    "HangUpAsked",
    "HangUpDone",
    "HangUpFailed",
    "LegEvent",
    "LegLost",
    "LegOpened",
    "LegStopped",
    "LlmDelta",
    "LlmDone",
    "LlmFailed",
    "LlmToolCall",
    "MachineHeard",
    "MarkPlayed",
    "ProviderSwitched",
    "RecordingRefused",
    "ReplyEvent",
    "SayAsked",
    "SpeechClosed",
    "SpeechEvent",
    "SpeechFailed",
    "SpeechMessage",
    "SpeechOpened",
    "SpeechUsed",
    "SttClosed",
    "SttEagerEnd",
    "SttEvent",
    "SttFailed",
    "SttHeard",
    "SttOpened",
    "SttResumed",
    "SttSpeechStarted",
    "SttUtteranceEnded",
    "ToolDone",
    "TransferAsked",
    "TransferMoved",
    "TtsAudio",
    "TtsDone",
    "TtsFailed",
    "WordTime",
]

# -- the caller's leg -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegOpened:
    """The carrier's media stream began: its ``start`` message."""

    stream_id: str
    carrier_call_id: str
    account_id: str
    encoding: str = "audio/x-mulaw"
    sample_rate_hz: int = 8000
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallerAudio:
    """A piece of the caller's voice. ``media_ms`` is the carrier's clock at its start."""

    payload: bytes
    media_ms: int


@dataclass(frozen=True, slots=True)
class DigitPressed:
    digit: str


@dataclass(frozen=True, slots=True)
class MarkPlayed:
    """The carrier echoed a mark: all audio before it was played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class LegStopped:
    """The carrier said that the stream ended; the call may go on elsewhere (a transfer)."""


@dataclass(frozen=True, slots=True)
class LegLost:
    """The media socket closed without the carrier saying so."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class FrameRejected:
    """A frame that could not be parsed. It never ends a call."""

    reason: str


@dataclass(frozen=True, slots=True)
class CarrierEnded:
    """The carrier says, outside the media socket, that the call is over.

    ``cause`` is one of caller_hung_up, busy, no_answer, declined, failed.
    """

    cause: str = "caller_hung_up"


@dataclass(frozen=True, slots=True)
class HangUpAsked:
    """Somebody outside the call wants it to end: REST, dashboard, shutdown, balance.

    ``goodbye``: a caller who can hear it is told the goodbye phrase first.
    """

    reason: str = "api_hung_up"
    goodbye: bool = False


@dataclass(frozen=True, slots=True)
class SayAsked:
    """Somebody outside the call wants the agent to say a text now."""

    text: str


@dataclass(frozen=True, slots=True)
class DigitsAsked:
    """Keys are to be pressed towards the far end: 0-9 A-D * #, ``w`` waits 0.5 s, ``W`` 1 s."""

    digits: str


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """Somebody outside the call wants the caller to be connected to a human.

    ``target`` is the name of one of the agent's targets, or a number in E.164; ``kind`` is cold or warm,
    or empty: as the target says. ``summary`` is told to the human first where the transfer is warm.
    """

    target: str
    kind: str = ""
    summary: str = ""


# -- what the carrier does with the line ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DigitsSent:
    """The carrier took the keys on. Where that ends the media stream, the stream comes back by itself."""


@dataclass(frozen=True, slots=True)
class DigitsFailed:
    error: str


@dataclass(frozen=True, slots=True)
class HangUpDone:
    """The carrier took the hang-up (also when the call was already over)."""


@dataclass(frozen=True, slots=True)
class HangUpFailed:
    error: str


@dataclass(frozen=True, slots=True)
class RecordingRefused:
    """The carrier does not record this call. It goes on."""

    error: str


@dataclass(frozen=True, slots=True)
class TransferMoved:
    """A transfer came further.

    ``state`` is dialling, ringing, briefing (the human hears the summary), joined or failed; ``reason``
    says why it failed: busy, no_answer, declined, failed, cancelled or carrier_error. ``returns``: the
    carrier brings the caller back by itself; else it is asked to (``TransferStop``).
    """

    transfer_id: str
    state: str
    reason: str = ""
    returns: bool = False


@dataclass(frozen=True, slots=True)
class MachineHeard:
    """The carrier's verdict on who answered: human, machine, screening (it asks who calls) or unknown.

    ``greeting_over``: a machine, or a service that asks who calls, stopped speaking, and no beep came.
    ``beep``: the greeting is over, and what is said now is recorded. ``detail`` is the carrier's own word.
    ``occurred_at``: when the carrier came to it, in seconds by its own clock; None where it does not say.
    """

    result: str
    beep: bool = False
    detail: str = ""
    occurred_at: float | None = None


LegEvent = LegOpened | CallerAudio | DigitPressed | MarkPlayed | LegStopped | LegLost | FrameRejected
ControlEvent = (
    CarrierEnded
    | HangUpAsked
    | SayAsked
    | DigitsAsked
    | TransferAsked
    | DigitsSent
    | DigitsFailed
    | RecordingRefused
    | TransferMoved
    | MachineHeard
    | HangUpDone
    | HangUpFailed
)
Event = LegEvent | ControlEvent | SttEvent | SpeechEvent | ReplyEvent
