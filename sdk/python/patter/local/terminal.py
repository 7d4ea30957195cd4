"""A line that somebody types.

At a terminal it is waited for by the event loop. A thread that waits in ``input`` could not be called back:
after a Ctrl-C it takes the next line that is typed, and keeps Python 3.14 from ending at all.
"""

from __future__ import annotations

import asyncio
import os
import sys

from patter.blocking import in_thread

MOST_BYTES = 4096
"""Of one reading. A terminal gives a line at a time, and a longer one in pieces."""


def at_a_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


async def typed_line(prompt: str) -> str:
    """Without its end. Raises EOFError where nothing more will come."""
    if not at_a_terminal():
        return await in_thread(input, prompt)
    sys.stdout.write(prompt)
    sys.stdout.flush()
    terminal = sys.stdin.fileno()
    typed = b""
    while not typed.endswith(b"\n"):
        try:
            await _something_typed(terminal)
        except NotImplementedError:  # Windows' event loop listens to sockets alone
            return await in_thread(input)
        piece = _read(terminal)
        typed += piece
        if not piece:
            break
    if not typed:
        raise EOFError
    return typed.decode(sys.stdin.encoding or "utf-8", "replace").rstrip("\r\n")


async def _something_typed(terminal: int) -> None:
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    loop.add_reader(terminal, typed.set)
    try:
        await typed.wait()
    finally:
        loop.remove_reader(terminal)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, MOST_BYTES)
    except OSError:  # it was closed
        return b""
