"""What both sides said, as it was heard: the history for the model, the transcript for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patter.bridge.records import TranscriptRow, TurnSettled
from patter.bridge.wellformed import wellformed


@dataclass(slots=True)
class Turn:
    """One side's go. ``text`` is what was heard, ``full_text`` what was meant where that differs."""

    index: int
    turn_id: str
    role: str
    text: str
    started_ms: int
    ended_ms: int
    full_text: str | None = None
    interrupted: bool = False
    latency: Mapping[str, int] | None = None

    def row(self) -> TranscriptRow:
        row: TranscriptRow = {
            "turn_id": self.turn_id,
            "role": self.role,
            "text": self.text,
            "started_ms": self.started_ms,
            "ended_ms": self.ended_ms,
            "interrupted": self.interrupted,
        }
        if self.full_text is not None:
            row["full_text"] = self.full_text
        if self.latency:
            row["latency"] = dict(self.latency)
        return row

    def settled(self) -> TurnSettled:
        return TurnSettled(
            self.index,
            self.turn_id,
            self.role,
            self.text,
            self.full_text,
            self.started_ms,
            self.ended_ms,
            self.interrupted,
            self.latency,
        )


class Memory:
    """The turns of one call, in order."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._settled = 0

    def add(
        self,
        turn_id: str,
        role: str,
        text: str,
        started_ms: int,
        ended_ms: int,
        *,
        full_text: str | None = None,
        interrupted: bool = False,
        latency: Mapping[str, int] | None = None,
    ) -> Turn:
        index, text = len(self.turns), wellformed(text)
        full = full_text if full_text is None else wellformed(full_text)
        full = full if full != text else None
        turn = Turn(index, turn_id, role, text, started_ms, ended_ms, full, interrupted, latency)
        self.turns.append(turn)
        return turn

    def merge(self, turn: Turn, turn_id: str, text: str, ended_ms: int) -> Turn:
        """The caller went on before any of the reply was heard: one user turn, under a new id."""
        turn.text = f"{turn.text} {text}".strip()
        turn.turn_id = turn_id
        turn.ended_ms = ended_ms
        return turn

    def take_settled(self) -> list[TurnSettled]:
        """Every turn that was not given out yet; from now on none of them changes."""
        settled = [turn.settled() for turn in self.turns[self._settled :]]
        self._settled = len(self.turns)
        return settled

    def open_caller_turn(self) -> Turn | None:
        """The caller's last turn, while nothing of a reply to it was heard."""
        if len(self.turns) > self._settled and self.turns[-1].role == "user":
            return self.turns[-1]
        return None

    def forget_open(self) -> None:
        """Drop the caller's last turn, while nothing of a reply to it was heard: a machine said it."""
        if self.open_caller_turn() is not None:
            self.turns.pop()

    def history(self) -> list[dict[str, str]]:
        """``[{role, text}]``, roles user and assistant only, heard text only."""
        return [
            {"role": turn.role, "text": turn.text}
            for turn in self.turns
            if turn.text and turn.role in ("user", "assistant")
        ]

    def transcript(self) -> list[TranscriptRow]:
        return [turn.row() for turn in self.turns]
