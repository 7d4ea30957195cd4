"""What a call tells the world about itself: the entries of its log.

Times named ``*_ms`` count from the moment the leg opened, on the media clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TranscriptRow = dict[str, Any]
"""``{turn_id, role, text, full_text?, started_ms, ended_ms, interrupted, latency?}``."""


@dataclass(frozen=True, slots=True)
class CallConnected:
    """Media flows in both directions."""

    carrier_call_id: str
    stream_id: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something worth seeing in the call's timeline: a decision with its evidence, a carrier's oddity.

    ``kind`` is a dotted word such as ``turn.ended`` or ``frame.rejected``. ``data`` never holds keys
    or secrets; speech and digits belong to turns.
    """

    kind: str
    at_ms: int
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interim:
    """What is being said right now, for pages that show a live call. Not kept."""

    role: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key just now: for whoever listens live. Not kept; turns hold what was meant."""

    digit: str = field(repr=False)
    at_ms: int


@dataclass(frozen=True, slots=True)
class TurnSettled:
    """A turn that does not change any more. ``index`` orders the turns of a call."""

    index: int
    turn_id: str
    role: str
    text: str
    full_text: str | None
    started_ms: int
    ended_ms: int
    interrupted: bool
    latency: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class RecordingPiece:
    """Both sides of a stretch of the call, µ-law 8 kHz, equally long. The agent's: what was heard.

    Pieces follow each other without a gap, 2 s each but the last.
    """

    start_ms: int
    caller: bytes
    agent: bytes


@dataclass(frozen=True, slots=True)
class TransferNoted:
    """A transfer began or came further. ``state`` and ``reason`` are those of ``TransferMoved``.

    The first entry of a transfer has the state ``requested`` and says whom it goes to; ``asked_by`` is
    agent or api.
    """

    transfer_id: str
    state: str
    at_ms: int
    reason: str = ""
    target: str = ""
    number: str = ""
    kind: str = ""
    summary: str = ""
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The last entry of every call, exactly once. ``reason`` is from the closed list of end reasons."""

    reason: str
    duration_ms: int
    transcript: Sequence[TranscriptRow]
    history: Sequence[Mapping[str, str]]
    usage: Mapping[str, int] = field(default_factory=dict)


Entry = (
    CallConnected | Noted | Interim | KeyPressed | TurnSettled | RecordingPiece | TransferNoted | CallEnded
)
