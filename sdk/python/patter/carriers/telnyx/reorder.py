"""Telnyx's media and keys in the order in which they happened: its sockets promise none. Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

WINDOW = 5
"""Frames that wait for a missing one, 100 ms of them, before it is given up."""
FAR = 50
"""Chunks, a second of them: what comes so much too late, ``WINDOW`` times in a row, was counted anew."""
KEYS_WAIT = 3
"""Frames of audio that a key waits for an earlier one."""
MOST_KEYS_KNOWN = 64


class Reorder(Generic[T]):
    """Sorts by chunk, and drops what comes twice or too late. Chunks may begin to count anew."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._next: int | None = None
        self._held: dict[int, T] = {}
        self._behind: dict[int, T] = {}

    @property
    def holds(self) -> bool:
        return bool(self._held)

    def take(self, chunk: int, item: T) -> list[T]:
        """What may go on now, in order."""
        if self._next is None:
            # Chunks count from 1; a stream that was joined later begins where it begins.
            self._next = min(chunk, 1) if chunk <= self._window + 1 else chunk
        if chunk < self._next - FAR:
            return self._from_anew(chunk, item)
        if self._behind:
            self._behind.clear()  # they were single strays
        if chunk < self._next or chunk in self._held:
            return []
        self._held[chunk] = item
        out = self._run()
        while len(self._held) >= self._window:
            self._next = min(self._held)
            out += self._run()
        return out

    def _from_anew(self, chunk: int, item: T) -> list[T]:
        """What comes so late is none of this count; enough of it in a row is another one."""
        self._behind[chunk] = item
        if len(self._behind) < self._window:
            return []
        old = self.release()
        self._held, self._behind = self._behind, {}
        self._next = min(self._held)
        return [*old, *self._run()]

    def release(self) -> list[T]:
        """Everything that is held: what is missing will not come any more."""
        out: list[T] = []
        while self._held:
            self._next = min(self._held)
            out += self._run()
        return out

    def _run(self) -> list[T]:
        out = []
        while self._next in self._held:
            out.append(self._held.pop(self._next))
            self._next += 1
        return out


class Keys:
    """Sorts key presses by their time, and knows one that is told twice.

    A press without a time is passed on at once: nothing could tell it from another.
    """

    def __init__(self, wait: int = KEYS_WAIT) -> None:
        self._wait = wait
        self._held: list[tuple[str, str]] = []
        self._known: list[tuple[str, str]] = []
        self._waited = 0

    @property
    def holds(self) -> bool:
        return bool(self._held)

    def press(self, digit: str, occurred_at: str) -> list[str]:
        if not occurred_at:
            return [*self.release(), digit]
        press = (occurred_at, digit)
        if press not in self._known:
            self._known = [*self._known[-MOST_KEYS_KNOWN:], press]
            self._held.append(press)
            self._waited = 0
        return []

    def frame(self) -> list[str]:
        """A frame of audio went by."""
        self._waited += 1
        return self.release() if self._held and self._waited >= self._wait else []

    def release(self) -> list[str]:
        pressed, self._held = sorted(self._held, key=_when), []
        return [digit for _, digit in pressed]


def _when(press: tuple[str, str]) -> str:
    # ISO 8601 in UTC sorts as text; a fraction that is missing sorts before one that is there.
    return press[0].removesuffix("Z")
