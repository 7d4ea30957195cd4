"""What the media frames of every carrier have in common: JSON text around base64 audio.

Everything here raises ``BadFrame`` and nothing else, whatever the other side sent.
"""

from __future__ import annotations

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from typing import Any

try:
    import orjson
except ImportError:  # the SDK alone does not bring it
    _loads: Callable[[str], Any] = json.loads
else:
    _loads = orjson.loads

MAX_FRAME_CHARS = 64 * 1024


class BadFrame(ValueError):
    """A frame that means nothing. The text is the reason, without any of the frame's content."""


def parse_object(frame: str | bytes, max_chars: int = MAX_FRAME_CHARS) -> dict[str, Any]:
    """The JSON object in a text frame."""
    if not isinstance(frame, str):
        raise BadFrame("binary frame")
    if len(frame) > max_chars:
        raise BadFrame(f"frame over {max_chars // 1024} kB")
    try:
        data = _loads(frame)
    except (ValueError, RecursionError):
        raise BadFrame("not JSON") from None
    if not isinstance(data, dict):
        raise BadFrame("not a JSON object")
    return data


def object_in(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if not isinstance(value, dict):
        raise BadFrame(f"{name} is not an object")
    return value


def text_in(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise BadFrame(f"{name} is not a text")
    return value


def number_in(data: dict[str, Any], name: str) -> int:
    """A whole number from 0, which carriers send as a number or as its digits."""
    value = data.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
        return value
    raise BadFrame(f"{name} is not a whole number")


def audio_in(data: dict[str, Any], name: str) -> bytes:
    value = data.get(name)
    if not isinstance(value, str):
        raise BadFrame(f"{name} is not a text")
    try:
        return a2b_base64(value, strict_mode=True)
    except (Base64Error, ValueError):
        raise BadFrame(f"{name} is not base64") from None
