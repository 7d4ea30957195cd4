"""What both sides said, as it was heard: the history for the model, the transcript for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patter.bridge.records import TranscriptRow, TurnSettled
from patter.bridge.wellformed import wellformed

TOOL = "tool"
MOST_CHARACTERS = 50_000
"""Of one turn: an hour of speech. More comes from what is broken, and would be sent with every question."""


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
    """The turns of one call, in order.

    What tools did stands between what was said, and takes no part in the conversation: ``turns`` is without.
    """

    def __init__(self) -> None:
        self._all: list[Turn] = []
        self._settled = 0
        self._tools = 0

    @property
    def turns(self) -> list[Turn]:
        """What both sides said."""
        return [turn for turn in self._all if turn.role != TOOL]

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
        text = wellformed(text)[:MOST_CHARACTERS]
        full = full_text if full_text is None else wellformed(full_text)[:MOST_CHARACTERS]
        full = full if full != text else None
        turn = Turn(0, turn_id, role, text, started_ms, ended_ms, full, interrupted, latency)
        self._all.insert(self._place(started_ms), turn)
        self._number()
        return turn

    def add_tool(self, text: str, started_ms: int, ended_ms: int) -> None:
        """A tool ran. What is said around it is settled as if it had not."""
        self._tools += 1  # a run's own id is the model's, and of any length
        self._all.append(
            Turn(len(self._all), f"tool{self._tools}", TOOL, wellformed(text), started_ms, ended_ms)
        )

    def _place(self, started_ms: int) -> int:
        """At the end; but words that are known late stand before the tool that they led to."""
        place = len(self._all)
        while place > self._settled and (before := self._all[place - 1]).role == TOOL:
            if before.started_ms <= started_ms:
                break
            place -= 1
        return place

    def _number(self) -> None:
        for index in range(self._settled, len(self._all)):
            self._all[index].index = index

    def merge(self, turn: Turn, turn_id: str, text: str, ended_ms: int) -> Turn:
        """The caller went on before any of the reply was heard: one user turn, under a new id."""
        turn.text = f"{turn.text} {wellformed(text)}".strip()[:MOST_CHARACTERS]
        turn.turn_id = turn_id
        turn.ended_ms = ended_ms
        return turn

    def take_settled(self) -> list[TurnSettled]:
        """Every turn that was not given out yet; from now on none of them changes."""
        settled = [turn.settled() for turn in self._all[self._settled :]]
        self._settled = len(self._all)
        return settled

    def open_caller_turn(self) -> Turn | None:
        """The caller's last turn, while nothing of a reply to it was heard."""
        for turn in reversed(self._all[self._settled :]):
            if turn.role != TOOL:
                return turn if turn.role == "user" else None
        return None

    def forget_open(self) -> None:
        """Drop the caller's last turn, while nothing of a reply to it was heard: a machine said it."""
        if (turn := self.open_caller_turn()) is not None:
            self._all.remove(turn)
            self._number()

    def history(self) -> list[dict[str, str]]:
        """``[{role, text}]``, roles user and assistant only, heard text only."""
        return [
            {"role": turn.role, "text": turn.text}
            for turn in self._all
            if turn.text and turn.role in ("user", "assistant")
        ]

    def transcript(self) -> list[TranscriptRow]:
        return [turn.row() for turn in self._all]
