"""Text from a model or a handler that every voice, socket and database takes.

A control character is refused by databases and spoken by nobody, and half of a surrogate pair is no
character. The two halves of one may come in two pieces: JSON that is streamed cuts where it likes.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HALVES = re.compile(r"[\ud800-\udfff]")


def wellformed(text: str) -> str:
    """Without control characters and halves of surrogate pairs. Whole pairs are one character."""
    if text.isprintable():  # nearly always: neither is printable
        return text
    text = _CONTROL.sub("", text)
    if _HALVES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return text


class Pieces:
    """The pieces of one text, in order."""

    def __init__(self) -> None:
        self._half = ""

    def push(self, text: str) -> str:
        """This piece, well-formed. Its last character waits if it is the first half of one."""
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return wellformed(text)
