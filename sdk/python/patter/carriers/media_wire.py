"""What every carrier's media socket has in common, for whoever drives one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import Event


class MediaWire(Protocol):
    """One media socket's frames: text in, events out; commands in, text out. Our side is µ-law, 8 kHz.

    ``problem`` says in a sentence why nothing of this stream can be understood, and is empty when all is
    well. ``holds`` is true while something that came waits for what should come before it.
    """

    def decode(self, frame: str | bytes) -> list[Event]:
        """The events in one frame. Never raises."""

    def frames(self, command: Play | Mark | Clear) -> Sequence[str]:
        """The frames for a command, none to several. Raises RuntimeError before the stream started."""

    @property
    def problem(self) -> str: ...

    @property
    def holds(self) -> bool: ...

    def release(self) -> list[Event]:
        """What waits, to be asked for when nothing came for a while."""
