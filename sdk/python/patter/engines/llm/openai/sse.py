"""Server-sent events out of a stream of bytes. Pure. Only the data counts here, not names and ids.

Lines end at a line feed, at a carriage return, or at both, and nowhere else: what Python's ``splitlines``
takes for an end (U+2028 and others) may stand within a model's text. Source: the HTML standard, 9.2.5.
"""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MARK = b"\xef\xbb\xbf"
"""The byte order mark, which may stand at the very beginning."""


class SseReader:
    """Joins the ``data`` lines of one event; an empty line ends it."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._first = True
        self._returned = False
        """The last byte was a carriage return: a line feed after it ends no second line."""

    def feed(self, piece: bytes) -> list[str]:
        """Take bytes, cut anywhere; give the data of the events that are now complete."""
        if self._returned and piece:
            piece = piece.removeprefix(b"\n")
        self._returned = piece.endswith(b"\r") or (self._returned and not piece)
        *lines, self._rest = _LINE_END.split(self._rest + piece)
        events = [self._line(line) for line in lines]
        return [event for event in events if event is not None]

    def flush(self) -> list[str]:
        """An event whose end is missing, when the stream has ended."""
        events = [self._line(self._rest), self._line(b"")]
        self._rest = b""
        return [event for event in events if event is not None]

    def _line(self, line: bytes) -> str | None:
        if self._first:
            self._first, line = False, line.removeprefix(_MARK)
        if line:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            return None
        # Data without a character in it only keeps the line open.
        data, self._data = "\n".join(self._data), []
        return data if data.strip() else None
