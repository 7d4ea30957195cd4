"""A carrier's play buffer, on the time that it is told. Pure."""

from __future__ import annotations


class PlayBuffer:
    """Plays what came, in real time; knows when it ran dry, and which marks were reached."""

    def __init__(self) -> None:
        self.ends_at = 0.0
        self._marks: list[tuple[float, str]] = []

    def add(self, size: int, now: float) -> float:
        """Take audio; how long there had been nothing to play."""
        dry_s = now - self.ends_at
        self.ends_at = max(self.ends_at, now) + size / 8000
        return dry_s

    def mark(self, name: str) -> None:
        self._marks.append((self.ends_at, name))

    def reached(self, now: float) -> list[str]:
        count = 0
        for at, _ in self._marks:
            if at > now:
                break
            count += 1
        names = [name for _, name in self._marks[:count]]
        del self._marks[:count]
        return names

    def clear(self, now: float) -> list[str]:
        self.ends_at = min(self.ends_at, now)
        names, self._marks = [name for _, name in self._marks], []
        return names
