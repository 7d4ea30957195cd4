"""Whether this process was told to stop: it ends what it carries, and begins nothing that it cannot end."""

from __future__ import annotations

import threading

from django.conf import settings

_asked = threading.Event()


def ask() -> None:
    """From now on this process takes on nothing new. Asked from any thread, any number of times."""
    _asked.set()


def forget() -> None:
    """A server starts in this process."""
    _asked.clear()


def is_asked() -> bool:
    return _asked.is_set()


def takes_no_calls() -> bool:
    """Whether a call that begins now would find nobody: this process stops, and there is no other one."""
    return is_asked() and bool(settings.SHAPE.embedded)
