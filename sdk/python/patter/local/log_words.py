"""Somebody else's words, fit for a log: on one line, and without the numbers that they name. Pure."""

from __future__ import annotations

import re

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NUMBER = re.compile(r"\+?\d[\d .()-]{5,20}\d")


def for_log(words: object) -> str:
    """What a carrier said of a request, which may be of somebody's number."""
    return _NUMBER.sub("[number]", _BREAKS.sub(" ", str(words)))
