"""An event loop with a clock of its own: it jumps to the next timer as soon as nothing else can run.

For code that waits and has no sockets. Seconds pass at once, and a busy machine changes nothing.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at 0."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._virtual_s

    def jump(self, seconds: float) -> None:
        self._virtual_s += seconds


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing but what has happened already, and for other threads where there is no timer."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._jump = loop.jump

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0 if timeout is not None else None)
        if timeout and not ready:
            self._jump(timeout)
        return ready
