"""``pattern`` of a JSON Schema, where matching it costs little whatever the text is.

Schemas are customers', and Python's matcher goes back: ``(a+)+$`` takes for ever for thirty letters. So only
patterns are matched whose repetitions stand side by side, few of them; others are told to the model and not
enforced. That covers what arguments have: dates, numbers in E.164, order numbers, addresses.
"""

from __future__ import annotations

import re
from functools import lru_cache

MOST_TEXT = 100
MOST_PATTERN = 200
MOST_WAYS = MOST_TEXT**3
"""In which a text may be read before it is known not to fit: some milliseconds."""

_ATOM = r"(?:\\[dDwWsS]|\\[^\w\s]|\[\^?\]?(?:\\.|[^\]\\\[])*\]|[^\\\[\](){}|*+?^$])"
_TIMES = r"(?:\{(\d{1,2})(,?)(\d{0,2})\}|([*+?]))?"
_PIECE = rf"{_ATOM}(?:\{{\d{{1,2}}(?:,\d{{0,2}})?\}}|[*+?])?"
_GROUP = rf"\((?:\?:)?(?:{_PIECE}|\|)*\)\??"
_CHEAP = re.compile(rf"\^?(?:{_PIECE}|{_GROUP})*\$?")
_REPEATED = re.compile(rf"{_ATOM}{_TIMES}")
_CHOICE = re.compile(r"\\.|(\||\)\?)")


def breaks(pattern: str, text: str) -> bool:
    """Whether the text surely does not fit. False also where that is not looked at."""
    if len(text) > MOST_TEXT or not is_cheap(pattern):
        return False
    return re.search(pattern, text, re.ASCII) is None


@lru_cache(maxsize=512)
def is_cheap(pattern: str) -> bool:
    """Whether a pattern is matched at all."""
    if len(pattern) > MOST_PATTERN or not _CHEAP.fullmatch(pattern):
        return False
    try:
        re.compile(pattern, re.ASCII)
    except re.error:
        return False
    return _ways(pattern) <= MOST_WAYS


def _ways(pattern: str) -> int:
    """In how many ways a text can be read at most: the product of all that may be taken or left."""
    ways: int = 1 if pattern.startswith("^") else MOST_TEXT
    for repeated in _REPEATED.finditer(pattern):
        ways *= _counts(*repeated.groups())
    return ways << sum(found[1] is not None for found in _CHOICE.finditer(pattern))


def _counts(least: str | None, comma: str | None, most: str | None, sign: str | None) -> int:
    """How many numbers of repetitions there are."""
    if sign is not None:
        return 2 if sign == "?" else MOST_TEXT
    if least is None or not comma:
        return 1
    return int(most) - int(least) + 1 if most else MOST_TEXT
