"""Everything that can happen in a call, as values.

An event enters the call machine together with the time it was received. Nothing here waits, and
nothing here knows a carrier or a provider: their JSON has already been parsed at the door.

Audio is µ-law, 8 kHz, mono unless a field says otherwise: 8 bytes are one millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    """Somebody outside the call wants it to end: REST, dashboard, shutdown, balance."""

    reason: str = "api_hung_up"


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


# -- speech to text ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SttOpened:
    stt_id: str


@dataclass(frozen=True, slots=True)
class SttSpeechStarted:
    stt_id: str


@dataclass(frozen=True, slots=True)
class SttHeard:
    """Words. ``final`` text does not change again; ``end_of_turn``: the provider says the caller is done."""

    stt_id: str
    text: str
    final: bool
    end_of_turn: bool = False


@dataclass(frozen=True, slots=True)
class SttUtteranceEnded:
    """The provider's own silence timer fired with text pending."""

    stt_id: str


@dataclass(frozen=True, slots=True)
class SttEagerEnd:
    """The provider thinks it likely that the turn ended with this text: a reply may be prepared, not spoken.

    ``SttHeard`` with ``end_of_turn`` follows with the same text, or ``SttResumed`` takes it back.
    """

    stt_id: str
    text: str


@dataclass(frozen=True, slots=True)
class SttResumed:
    """The caller speaks on after ``SttEagerEnd``: what was prepared for it is void."""

    stt_id: str


@dataclass(frozen=True, slots=True)
class SttFailed:
    stt_id: str
    error: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class SttClosed:
    stt_id: str


# -- a provider that hears and speaks over one socket ------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeechOpened:
    speech_id: str


@dataclass(frozen=True, slots=True)
class SpeechMessage:
    """One message of the provider, as the engine's own ``wire.py`` read it."""

    speech_id: str
    message: Any


@dataclass(frozen=True, slots=True)
class SpeechUsed:
    """What the provider says that it used, by the names of ``meter.SPEECH_METERS``."""

    speech_id: str
    usage: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SpeechFailed:
    """The socket could not be opened, or broke. ``permanent``: trying again would not help."""

    speech_id: str
    error: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class SpeechClosed:
    """The provider closed the socket in order, with its code and its reason."""

    speech_id: str
    code: int | None = None
    reason: str = ""


# -- the reply --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LlmDelta:
    ask_id: str
    text: str


@dataclass(frozen=True, slots=True)
class LlmToolCall:
    """The model wants a tool. ``arguments`` is the JSON text exactly as the model wrote it."""

    ask_id: str
    tool_call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class LlmDone:
    ask_id: str
    usage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LlmFailed:
    ask_id: str
    error: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class HandlerDelta:
    """A piece of what the user's handler answers."""

    turn_id: str
    text: str


@dataclass(frozen=True, slots=True)
class HandlerDone:
    turn_id: str


@dataclass(frozen=True, slots=True)
class HandlerFailed:
    """``code`` is handler_error, handler_timeout, handler_cancelled or handler_lost."""

    turn_id: str
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class WordTime:
    """One word of a chunk: ``[start, end)`` in its text, and when it ends in its audio."""

    start: int
    end: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class TtsAudio:
    """µ-law 8 kHz audio of a chunk, in order. ``words`` holds the provider's alignment when it gives one."""

    say_id: str
    payload: bytes
    words: tuple[WordTime, ...] = ()


@dataclass(frozen=True, slots=True)
class TtsDone:
    say_id: str


@dataclass(frozen=True, slots=True)
class TtsFailed:
    """``permanent``: no voice will ever say it. ``tried``: asking again now would only be more silence."""

    say_id: str
    error: str
    permanent: bool = False
    tried: bool = False


@dataclass(frozen=True, slots=True)
class ToolDone:
    """A tool's answer for the model, as JSON-able data."""

    run_id: str
    result: Any
    ok: bool = True


@dataclass(frozen=True, slots=True)
class ProviderSwitched:
    """Another provider does the work of a stage (stt, llm, tts) from now on; ``error`` is why."""

    stage: str
    source: str
    target: str
    error: str


@dataclass(frozen=True, slots=True)
class HangUpDone:
    """The carrier took the hang-up (also when the call was already over)."""


@dataclass(frozen=True, slots=True)
class HangUpFailed:
    error: str


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
SttEvent = (
    SttOpened
    | SttSpeechStarted
    | SttHeard
    | SttUtteranceEnded
    | SttEagerEnd
    | SttResumed
    | SttFailed
    | SttClosed
)
SpeechEvent = SpeechOpened | SpeechMessage | SpeechUsed | SpeechFailed | SpeechClosed
ReplyEvent = (
    LlmDelta
    | LlmToolCall
    | LlmDone
    | LlmFailed
    | HandlerDelta
    | HandlerDone
    | HandlerFailed
    | TtsAudio
    | TtsDone
    | TtsFailed
    | ToolDone
    | ProviderSwitched
)
Event = LegEvent | ControlEvent | SttEvent | SpeechEvent | ReplyEvent
