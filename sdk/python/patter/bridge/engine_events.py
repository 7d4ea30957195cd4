"""What the parts behind a call answer, as events: recognisers, models, handlers, voices, tools.

``events.py`` holds the rest, and gives these on with it. An id is the one of the command that began the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# -- speech to text ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SttOpened:
    stt_id: str


@dataclass(frozen=True, slots=True)
class SttSpeechStarted:
    """A voice. Without ``interims`` its words come at its end only, or ``SttUtteranceEnded`` without any."""

    stt_id: str
    interims: bool = True


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
