"""What a call says about itself, for the user's callbacks, the recording and the page of live calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from patter.bridge.records import (
    CallConnected,
    CallEnded,
    Entry,
    KeyPressed,
    Noted,
    RecordingPiece,
    TransferNoted,
    TurnSettled,
)
from patter.call import Call
from patter.callbacks import Callbacks
from patter.local.recording import RecordingFile
from patter.options import Listeners

SPOKEN = ("user", "assistant")
MOST_SHOWN_TURNS = 200
MACHINE = "machine."
RESULT_OF = {"machine.introduce": "screening", "machine.greet": "human"}
"""Who answered, by what the call does about it; whatever else it does is done about a machine."""


class TransferBook:
    """What the doors must know of a call's transfers: the first entry of each says whom it goes to."""

    def __init__(self) -> None:
        self._begun: dict[str, TransferNoted] = {}
        self._states: dict[str, str] = {}

    def note(self, entry: TransferNoted) -> None:
        self._begun.setdefault(entry.transfer_id, entry)
        self._states[entry.transfer_id] = entry.state

    def kind_of(self, transfer_id: str) -> str:
        begun = self._begun.get(transfer_id)
        return begun.kind if begun else ""

    def summary_of(self, transfer_id: str) -> str:
        begun = self._begun.get(transfer_id)
        return begun.summary if begun else ""

    def __bool__(self) -> bool:
        return bool(self._begun)

    def is_given_up(self, transfer_id: str) -> bool:
        """Whether a human's leg that still comes is for nobody. One that was joined talks on without us."""
        return self._states.get(transfer_id, "failed") == "failed"

    def is_over(self, transfer_id: str) -> bool:
        """Whether there is nobody any more whom a human could be connected to."""
        return self._states.get(transfer_id, "failed") in ("failed", "joined")


class LocalLog:
    """The log of one call; meets ``CallLog``.

    Args:
        facts: what every callback is given: call_id, caller, callee, direction and the like.
        call: the user's view of the call, which knows its status and what was said so far.
        on_end: told once, with what ``on_call_end`` is to be given: ``tell_end`` gives it.
    """

    def __init__(
        self,
        facts: Mapping[str, Any],
        listeners: Listeners,
        recording: RecordingFile | None,
        call: Call,
        on_end: Callable[[dict[str, Any]], None],
    ) -> None:
        self._facts = facts
        self._listeners = listeners
        self._recording = recording
        self._call = call
        self._on_end = on_end
        self._connected = False
        self.callbacks = Callbacks(facts["call_id"])
        self.history: list[dict[str, str]] = []
        self.turns: list[dict[str, Any]] = []
        """The newest turns, for the page."""
        self.transfers = TransferBook()
        self.status = call.status = "ringing"
        self.end: dict[str, Any] | None = None

    def write(self, entry: Entry) -> None:
        if self.end is not None:
            return
        match entry:
            case CallConnected():
                self._call_connected()
            case KeyPressed(digit):
                self._tell("on_dtmf", {"digit": digit})
            case TurnSettled():
                self._turn_settled(entry)
            case RecordingPiece() if self._recording is not None:
                self._recording.add(entry)
            case CallEnded():
                self._call_ended(entry)
            case TransferNoted():
                self.transfers.note(entry)
            case Noted(kind, _, data) if kind.startswith(MACHINE):
                result = RESULT_OF.get(kind, "machine")
                self._tell("on_machine_detection", {"kind": kind, "result": result, **data})
            case _:
                pass

    def moved(self, status: str) -> None:
        """The call came further at the carrier: dialling, ringing, answered."""
        if self.end is None and status != self.status:
            self.status = self._call.status = status
            self._tell("on_call_status", {"status": status})

    def recorded(self, data: Mapping[str, Any]) -> None:
        """The carrier's recording of this call came, or did not."""
        self._tell("on_recording", data)

    def _call_connected(self) -> None:
        self.status, self._call.status = "connected", "answered"
        if not self._connected:  # a second media socket is no second call
            self._connected = True
            self._tell("on_call_start", {})

    def _turn_settled(self, turn: TurnSettled) -> None:
        if turn.role in SPOKEN and turn.text:
            self.history.append({"role": turn.role, "text": turn.text})
            self._call.note_history(self.history)
        data: dict[str, Any] = {
            "turn_id": turn.turn_id,
            "role": turn.role,
            "text": turn.text,
            "started_ms": turn.started_ms,
            "ended_ms": turn.ended_ms,
            "interrupted": turn.interrupted,
        }
        if turn.full_text is not None:
            data["full_text"] = turn.full_text
        if turn.latency:
            data["latency"] = dict(turn.latency)
        self.turns = [*self.turns, data][-MOST_SHOWN_TURNS:]
        self._tell("on_transcript", data)

    def _call_ended(self, entry: CallEnded) -> None:
        self.status = "ended"
        seconds = round(entry.duration_ms / 1000, 3)
        recorded = self._recording is not None and self._recording.started
        self.history = [dict(turn) for turn in entry.history]
        self.end = {
            **self._facts,
            "reason": entry.reason,
            "history": self._copied_history(),
            "transcript": [dict(row) for row in entry.transcript],
            "duration": seconds,
            "duration_seconds": seconds,
            "cost": None,
            "usage": dict(entry.usage),
        }
        if recorded and self._recording is not None:
            self.end["recording_path"] = str(self._recording.path)
        self._on_end(self.end)

    def tell_end(self, end: Mapping[str, Any]) -> None:
        """The call is over, and everything that its end speaks of is there."""
        self.callbacks.tell("on_call_end", self._listeners.on_call_end, dict(end))

    def _tell(self, name: str, data: Mapping[str, Any]) -> None:
        callback = getattr(self._listeners, name)
        if callback is not None:
            told = {**self._facts, **data, "history": self._copied_history()}
            self.callbacks.tell(name, callback, told)

    def _copied_history(self) -> list[dict[str, str]]:
        """A callback may keep it and change it."""
        return [dict(turn) for turn in self.history]
