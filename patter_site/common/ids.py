"""Public ids: a prefix that says what it is, and a UUIDv7 in base32, so that ids sort by time."""

from __future__ import annotations

import os
import threading
import time
from functools import partial

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u


_newest = 0
_lock = threading.Lock()


def _uuid7() -> int:
    """A UUIDv7 as an integer, larger than every earlier one of this process.

    Lists are ordered by id, so rows that are made within one millisecond must not swap places.
    """
    global _newest
    with _lock:
        # A small random step keeps ids hard to guess; it cannot reach the version bits above.
        _newest = max(_fresh(), _newest + 1 + int.from_bytes(os.urandom(4)))
        return _newest


def _fresh() -> int:
    """48 bits of milliseconds, then version, variant and 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    return (
        (milliseconds & ((1 << 48) - 1)) << 80
        | 0x7 << 76
        | (random >> 68) << 64
        | 0b10 << 62
        | (random & ((1 << 62) - 1))
    )


def _base32(number: int) -> str:
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def make_id(prefix: str) -> str:
    """A new id, such as ``call_01jc...``: 26 characters after the underscore."""
    return f"{prefix}_{_base32(_uuid7())}"


def new_id(prefix: str) -> partial[str]:
    """The default of a primary key. A partial, so that migrations can name it."""
    return partial(make_id, prefix)
