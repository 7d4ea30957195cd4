"""Server-sent events out of a stream of bytes. Pure. Only the data counts here, not names and ids.

Lines end at a line feed and nowhere else: what Python's ``splitlines`` takes for an end (U+2028 and
others) may stand within a model's text.
"""

from __future__ import annotations


class SseReader:
    """Joins the ``data`` lines of one event; an empty line ends it."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[str]:
        """Take bytes, cut anywhere; give the data of the events that are now complete."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        events = [self._line(line.removesuffix(b"\r")) for line in lines]
        return [event for event in events if event is not None]

    def flush(self) -> list[str]:
        """An event whose end is missing, when the stream has ended."""
        events = [self._line(self._rest), self._line(b"")]
        self._rest = b""
        return [event for event in events if event is not None]

    def _line(self, line: bytes) -> str | None:
        if line:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            return None
        if not self._data:
            return None
        data, self._data = "\n".join(self._data), []
        return data
