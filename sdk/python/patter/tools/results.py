"""What a tool answered, made fit for a model: any body becomes JSON-able data, limited and cleaned. Pure."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

MOST_CHARACTERS = 8_000
"""Of a result. Beyond it the model's answer would be late, and dear."""
DONE: dict[str, Any] = {"status": "ok"}
"""The result of a tool that answered with success and nothing else."""
UNKNOWN: dict[str, Any] = {
    "status": "unknown",
    "error": (
        "It is not known whether this took effect. Do not call the tool again. Tell the caller that it will "
        "be checked."
    ),
}
_BREAKS = {"\u2028": " ", "\u2029": " "}


def result_of_body(body: bytes, *, cut: bool = False) -> Any:
    """The data of an answer of any kind: JSON, text, or nothing. ``cut``: there was more of it."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    if not text:
        return DONE
    if not cut:
        try:
            return limited(json.loads(text))
        except (ValueError, RecursionError):
            pass
    return limited(text, cut=cut)


def limited(value: Any, *, cut: bool = False) -> Any:
    """A value that is JSON, clean and of bounded length. Of a longer one its beginning, as text."""
    try:
        cleaned = _cleaned(value)
        text = cleaned if isinstance(cleaned, str) else json.dumps(cleaned, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return {"error": "The tool's answer cannot be read."}
    if len(text) <= MOST_CHARACTERS and not cut:
        return cleaned
    return {"text": text[:MOST_CHARACTERS], "truncated": True}


def clean_text(text: str) -> str:
    """Text without what is not meant to be read: control characters, and breaks that pass as line ends."""
    if text.isprintable():
        return text
    kept = (_BREAKS.get(c, c) for c in text)
    return "".join(c for c in kept if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean_text(value)
        case None | bool() | int():
            return value
        case float():
            # NaN and the infinities are no JSON, and providers refuse a conversation that holds them.
            return value if value - value == 0 else str(value)
        case dict():
            return {clean_text(str(name)): _cleaned(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_cleaned(item) for item in value]
        case _:
            return clean_text(str(value))
