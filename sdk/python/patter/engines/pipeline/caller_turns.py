"""What the caller said and pressed, on its way to memory."""

from __future__ import annotations

from collections.abc import Callable

from patter.bridge.keypad import Keyed, Keys, digit_text, is_entry
from patter.bridge.memory import Memory
from patter.engines.pipeline.signals import UtteranceEnded


class CallerTurns:
    """``next_turn_id`` is shared with whoever replies."""

    def __init__(self, memory: Memory, keys: Keys, next_turn_id: Callable[[], str]) -> None:
        self._memory = memory
        self.keys = keys
        self._next_turn_id = next_turn_id

    def write(self, text: str, started_ms: int, ended_ms: int) -> str:
        """Write the caller's turn down; one that nobody answered yet goes on under a new id."""
        turn_id = self._next_turn_id()
        open_turn = self._memory.open_caller_turn()
        if open_turn is not None and not is_entry(open_turn.text):
            self._memory.merge(open_turn, turn_id, text, ended_ms)
        else:
            self._memory.add(turn_id, "user", text, started_ms, ended_ms)
        return turn_id

    def write_ended(self, ended: UtteranceEnded | None) -> None:
        """What the caller said, if they did; nobody is asked about it."""
        if ended is not None:
            self.write(ended.text, ended.started_ms, ended.last_voiced_ms)

    def write_entry(self, keyed: Keyed) -> str:
        """A complete entry of the keypad, as a turn of its own."""
        turn_id = self._next_turn_id()
        self._memory.add(turn_id, "user", digit_text(keyed.digits), keyed.started_ms, keyed.ended_ms)
        return turn_id

    def write_keys(self) -> None:
        """Nobody is asked about an entry that was overtaken, but it is remembered."""
        if keyed := self.keys.take():
            self.write_entry(keyed)

    def history_with(self, text: str) -> list[dict[str, str]]:
        """The history as it would be if the caller had said this now."""
        history = self._memory.history()
        open_turn = self._memory.open_caller_turn()
        if open_turn is not None and not is_entry(open_turn.text):
            text = f"{history.pop()['text']} {text}"
        return [*history, {"role": "user", "text": text}]
