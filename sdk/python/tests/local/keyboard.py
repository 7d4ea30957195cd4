"""Somebody at a terminal, for what asks and reads there."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

END = b"\x04"
"""Ctrl-D."""


class Keyboard:
    """The other side of a pseudo-terminal. ``terminal`` is what a program has as its standard input."""

    def __init__(self) -> None:
        self._mine, theirs = pty.openpty()
        self.terminal: TextIO = open(theirs, encoding="utf-8", closefd=True)

    def type(self, keys: str | bytes) -> None:
        os.write(self._mine, keys.encode() if isinstance(keys, str) else keys)

    def close(self) -> None:
        self.terminal.close()
        os.close(self._mine)


@contextmanager
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    """This process is at a terminal."""
    made = Keyboard()
    monkeypatch.setattr(sys, "stdin", made.terminal)
    try:
        yield made
    finally:
        made.close()
