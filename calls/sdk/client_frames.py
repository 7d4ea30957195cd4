"""What a client sent, reduced to what may travel on: known fields, of their type, within bounds. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from calls.sdk.turn import MOST_CHARS

REPLIES = frozenset({"received", "response", "response_delta", "response_end", "response_error"})
"""Frames that belong to a turn."""
MOST_ID_CHARS = 200
MOST_INDEX = 1_000_000
MOST_FRAME_CHARS = 1_000_000
"""A longer frame is not read: reading it would hold up every call of the process."""


class BadFrame(ValueError):
    """It cannot be read. The text says what a frame is."""


def read_frame(text: str | bytes) -> dict[str, Any]:
    """One frame of a client. Raises BadFrame."""
    if len(text) > MOST_FRAME_CHARS:
        raise BadFrame(f"A frame has at most {MOST_FRAME_CHARS} characters.")
    try:
        frame = _clean(json.loads(text, parse_constant=_no_constant, parse_float=_finite))
    except (ValueError, RecursionError):
        raise BadFrame("A frame is one JSON object as text.") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise BadFrame("A frame is a JSON object with a type.")
    return frame


def _no_constant(name: str) -> float:
    """Python's reader takes NaN and Infinity, which are not JSON; other readers would choke on an echo."""
    raise ValueError(name)


def _finite(digits: str) -> float:
    """Python's reader makes infinity of 1e400, which no JSON can say."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits[:20])
    return number


def _clean(value: Any) -> Any:
    """With texts and names that a database can keep."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {clean_text(name): _clean(each) for name, each in value.items()}
    return value


def echo_of(frame: dict[str, Any]) -> dict[str, Any]:
    """What an answer to this frame repeats of it: ``ref`` and ``call_id``, if texts or numbers."""
    echo: dict[str, Any] = {}
    for name in ("ref", "call_id"):
        value = frame.get(name)
        if isinstance(value, str):
            echo[name] = value[:MOST_ID_CHARS]
        elif isinstance(value, int | float):
            echo[name] = value
    return echo


def problem_of(frame: dict[str, Any]) -> str | None:
    """What is wrong with a frame of a turn, in a sentence; None: nothing. A null is one that is not given."""
    if not id_of(frame):
        return f"{frame['type']} names its call: call_id."
    for name in ("turn_id", "text", "code", "message"):
        if not isinstance(frame.get(name), str | None):
            return f"{name} is a text."
    return None


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
