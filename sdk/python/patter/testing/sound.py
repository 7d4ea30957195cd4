"""Audio and commands of playback, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from patter.bridge.commands import Command, Mark, Play
from patter.bridge.playback import BYTES_PER_MS, FRAME_BYTES, Playback


def audio(ms: int) -> bytes:
    return b"\x90" * (ms * BYTES_PER_MS)


def played_ms(commands: Sequence[Command]) -> int:
    return sum(len(command.payload) for command in commands if isinstance(command, Play)) // BYTES_PER_MS


def frames(play: Play) -> list[Play]:
    """The same audio as a line plays it: 20 ms at a time."""
    return [Play(play.payload[at : at + FRAME_BYTES]) for at in range(0, len(play.payload), FRAME_BYTES)]


def marks(commands: Sequence[Command]) -> list[str]:
    return [command.name for command in commands if isinstance(command, Mark)]


def begun() -> Playback:
    book = Playback()
    book.begin()
    return book


def run(book: Playback, until: float, now: float = 0.0) -> list[tuple[float, Command]]:
    """Let the timers fire; what was asked for, and when."""
    out: list[tuple[float, Command]] = []
    while (due := book.next_timer()) is not None and due <= until:
        now = max(now, due)
        out += [(now, command) for command in book.handle_timer(now)]
    return out
