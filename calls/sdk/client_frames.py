"""What a client sent, reduced to what may travel on: known fields, of their type, within bounds. Pure."""

from __future__ import annotations

import json
from typing import Any

from calls.sdk.turn import MOST_CHARS

REPLIES = frozenset({"received", "response", "response_delta", "response_end", "response_error"})
"""Frames that belong to a turn."""
MOST_ID_CHARS = 200
MOST_INDEX = 1_000_000


class BadFrame(ValueError):
    """It cannot be read. The text says what a frame is."""


def read_frame(text: str | bytes) -> dict[str, Any]:
    """One frame of a client. Raises BadFrame."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame("A frame is one JSON object as text.") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise BadFrame("A frame is a JSON object with a type.")
    return frame


def reply_of(frame: dict[str, Any]) -> dict[str, Any]:
    """A frame of a turn, with nothing in it that a bus, a database or a voice could not take.

    One character more than a reply may have is kept, so that its turn can say that it was too long.
    """
    clean: dict[str, Any] = {"type": frame["type"]}
    for name, most in (("turn_id", MOST_ID_CHARS), ("text", MOST_CHARS + 1), ("code", 60), ("message", 500)):
        if isinstance(value := frame.get(name), str):
            clean[name] = clean_text(value[:most])
    index = frame.get("index")
    if isinstance(index, int) and not isinstance(index, bool) and 0 <= index <= MOST_INDEX:
        clean["index"] = index
    return clean


def clean_text(text: str) -> str:
    """Without NUL, and without halves of characters, which JSON may hold and UTF-8 may not."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def id_of(frame: dict[str, Any], name: str = "call_id") -> str:
    """An id that a frame names; empty where it is none."""
    value = frame.get(name)
    return clean_text(value[:MOST_ID_CHARS]) if isinstance(value, str) else ""
