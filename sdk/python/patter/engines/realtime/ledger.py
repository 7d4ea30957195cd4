"""The turns of a call in the order in which they were taken, though their words come in any order.

A transcript of the caller may arrive before, during or after the reply to it. So a turn waits here until
everything before it is known, and only then enters the call's memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patter.bridge.keypad import is_entry
from patter.bridge.memory import Memory
from patter.bridge.records import TurnSettled

WORDS_WITHIN_S = 10.0
"""A transcript that takes longer is not waited for: the call has gone on, and its log must."""


@dataclass(slots=True)
class Entry:
    """A turn. ``text`` is None while it is not known. Without a role: what came before is settled.

    ``misheard``: something was said, and its words will not be known.
    """

    role: str
    turn_id: str = ""
    text: str | None = ""
    started_ms: int = 0
    ended_ms: int = 0
    full_text: str | None = None
    interrupted: bool = False
    latency: Mapping[str, int] | None = None
    item_id: str = ""
    previous_item_id: str = ""
    known_by: float = 0.0
    misheard: bool = False

    def give_up(self) -> None:
        self.text, self.misheard = "", True


class Ledger:
    """Puts turns into memory, in order."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._waiting: list[Entry] = []

    @property
    def waiting(self) -> bool:
        """There are turns that are not in memory yet."""
        return bool(self._waiting)

    @property
    def caller_waits(self) -> bool:
        """Something that the caller said or pressed is not in memory yet."""
        return any(entry.role == "user" for entry in self._waiting)

    @property
    def deaf(self) -> bool:
        """Something that the caller said is not known yet."""
        return any(entry.text is None for entry in self._waiting)

    def caller_spoke(
        self, turn_id: str, item_id: str, previous_item_id: str, started_ms: int, ended_ms: int, now: float
    ) -> None:
        """An utterance became an item of the conversation; its words follow."""
        entry = Entry("user", turn_id, None, started_ms, ended_ms, known_by=now + WORDS_WITHIN_S)
        entry.item_id, entry.previous_item_id = item_id, previous_item_id
        after = [at for at, other in enumerate(self._waiting) if other.previous_item_id == item_id]
        self._waiting.insert(after[0] if after else len(self._waiting), entry)

    def transcribed(self, item_id: str, text: str | None) -> bool:
        """The words of an utterance; None: there will be none. False when nobody waits for them."""
        for entry in self._waiting:
            if entry.item_id == item_id and entry.text is None:
                entry.text, entry.misheard = text or "", text is None
                return True
        return False

    def add(self, entry: Entry) -> None:
        """A turn whose text is known. What the caller began to say within a reply comes after it."""
        later = [
            at
            for at, other in enumerate(self._waiting)
            if other.role == "user" and other.started_ms > entry.started_ms
        ]
        self._waiting.insert(later[0] if later and entry.role != "user" else len(self._waiting), entry)

    def settle(self) -> None:
        """The caller heard something of a reply: what was said before does not change any more."""
        self._waiting.append(Entry(""))

    def give_up_waiting(self) -> bool:
        """The words that are missing will not come. True when there were any."""
        missing = [entry for entry in self._waiting if entry.text is None]
        for entry in missing:
            entry.give_up()
        return bool(missing)

    def forget_open(self) -> None:
        """Drop what the caller's side said and nobody answered yet: a machine said it."""
        self._waiting = [entry for entry in self._waiting if entry.role != "user"]
        self._memory.forget_open()

    # -- into memory ------------------------------------------------------------------------------

    def take_known(self) -> tuple[list[Entry], list[TurnSettled]]:
        """Move what is known into memory: the caller's turns that were moved, and what is settled by it."""
        heard, settled = [], []
        while self._waiting and self._waiting[0].text is not None:
            entry = self._waiting.pop(0)
            if entry.role == "user":
                if entry.text:
                    self._remember_caller(entry)
                heard.append(entry)
                continue
            if entry.role:
                self._remember(entry)
            settled += self._memory.take_settled()
        return heard, settled

    def _remember_caller(self, entry: Entry) -> None:
        open_turn = self._memory.open_caller_turn()
        words = entry.text or ""
        if open_turn is not None and not is_entry(open_turn.text) and not is_entry(words):
            self._memory.merge(open_turn, entry.turn_id, words, entry.ended_ms)
        else:
            self._remember(entry)

    def _remember(self, entry: Entry) -> None:
        self._memory.add(
            entry.turn_id,
            entry.role,
            entry.text or "",
            entry.started_ms,
            entry.ended_ms,
            full_text=entry.full_text,
            interrupted=entry.interrupted,
            latency=entry.latency,
        )

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return min((entry.known_by for entry in self._waiting if entry.text is None), default=None)

    def handle_timer(self, now: float) -> bool:
        """True when words were given up."""
        late = [entry for entry in self._waiting if entry.text is None and entry.known_by <= now]
        for entry in late:
            entry.give_up()
        return bool(late)
