"""Everything that a call machine can ask for, as values.

A command that starts work carries an id, and ``...Stop`` with the same id ends that work. The
session holds one table from command type to performer; it performs and never decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# -- the caller's leg -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Play:
    """Audio for the caller, µ-law 8 kHz."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Drop everything that the carrier has not played."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call at the carrier. Closing the socket would not do it.

    With ``say`` the carrier speaks this text in its own voice first: ours failed, and nothing was stored.
    """

    say: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Press keys towards the far end. It may end the media stream; then a new one opens afterwards."""

    digits: str


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Have the carrier record both sides from now on, each in a channel of its own."""


@dataclass(frozen=True, slots=True)
class TransferStart:
    """Connect the caller to a human. ``TransferMoved`` with this id tells how it goes.

    Args:
        number: whom to call, E.164. It was checked against the agent's targets.
        kind: ``cold`` connects both at once; ``warm`` lets the caller wait with music, tells the human the
            summary, and joins both when the human accepts.
        caller_id: the number that the human sees; empty: whatever the carrier shows.
        ring_s: how long it may ring.
    """

    transfer_id: str
    number: str
    kind: str = "cold"
    summary: str = ""
    caller_id: str = ""
    ring_s: int = 30
    language: str = ""


@dataclass(frozen=True, slots=True)
class TransferStop:
    """Give a transfer up: the human's leg ends. ``recall``: the caller's media stream is to open again."""

    transfer_id: str
    recall: bool = True


@dataclass(frozen=True, slots=True)
class CloseLeg:
    """Close the media socket."""


# -- providers --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SttOpen:
    stt_id: str


@dataclass(frozen=True, slots=True)
class SttAudio:
    stt_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class SttFinalize:
    stt_id: str


@dataclass(frozen=True, slots=True)
class SttStop:
    stt_id: str


@dataclass(frozen=True, slots=True)
class SpeechOpen:
    """Connect a provider that hears and speaks over one socket (Realtime, ConvAI)."""

    speech_id: str


@dataclass(frozen=True, slots=True)
class SpeechSend:
    """One message for that socket, in the words of the engine's own ``wire.py``."""

    speech_id: str
    message: Any


@dataclass(frozen=True, slots=True)
class SpeechStop:
    speech_id: str


@dataclass(frozen=True, slots=True)
class LlmAsk:
    """``messages`` are {role, content, tool_calls?, tool_call_id?} in the OpenAI chat shape."""

    ask_id: str
    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class LlmStop:
    ask_id: str


@dataclass(frozen=True, slots=True)
class HandlerAsk:
    """``history`` is ``[{role, text}]`` and includes this utterance."""

    turn_id: str
    text: str
    history: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class HandlerStop:
    """The caller spoke over the reply; ``heard`` is what they heard of it."""

    turn_id: str
    heard: str


@dataclass(frozen=True, slots=True)
class TtsSay:
    say_id: str
    text: str


@dataclass(frozen=True, slots=True)
class TtsStop:
    say_id: str


@dataclass(frozen=True, slots=True)
class ToolRun:
    run_id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolStop:
    run_id: str


# -- the outside ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the call log. See ``records.py`` for the entries."""

    entry: Any


@dataclass(frozen=True, slots=True)
class EndSession:
    """The call is over and everything is said: the session may return."""


LegCommand = Play | Mark | Clear
ProviderCommand = (
    SttOpen
    | SttAudio
    | SttFinalize
    | SttStop
    | SpeechOpen
    | SpeechSend
    | SpeechStop
    | LlmAsk
    | LlmStop
    | HandlerAsk
    | HandlerStop
    | TtsSay
    | TtsStop
    | ToolRun
    | ToolStop
)
LineCommand = HangUp | SendDigits | StartRecording | TransferStart | TransferStop | CloseLeg
Command = LegCommand | LineCommand | ProviderCommand | Note | EndSession
Commands = list[Command]
