"""What a model thinks aloud is not for the caller: some servers leave it in the text, between tags. Pure.

Open models write ``<think>…</think>`` where nobody takes it out before, Gemini ``<thought>…</thought>``.
"""

from __future__ import annotations

import re

NAMES = ("think", "thinking", "thought")
OPENED = re.compile(rf"<({'|'.join(NAMES)})>", re.IGNORECASE)
CLOSED = re.compile(rf"</({'|'.join(NAMES)})>", re.IGNORECASE)
MOST_TAG = max(map(len, NAMES)) + 3


class Thoughts:
    """Of one answer, whose pieces are cut anywhere."""

    def __init__(self) -> None:
        self._text = ""
        self._inside = False

    def push(self, text: str) -> str:
        """What of this piece, and of what was kept before it, is said."""
        self._text += text
        said = ""
        while (tag := (CLOSED if self._inside else OPENED).search(self._text)) is not None:
            said += "" if self._inside else self._text[: tag.start()]
            self._text = self._text[tag.end() :]
            self._inside = not self._inside
        if self._inside:
            self._text = self._text[-MOST_TAG:]
            return said
        kept_from = self._begun_tag()
        said, self._text = said + self._text[:kept_from], self._text[kept_from:]
        return said

    def flush(self) -> str:
        """The answer is complete: what looked like the beginning of a tag was none."""
        rest, self._text = self._text, ""
        return "" if self._inside else rest

    def _begun_tag(self) -> int:
        """Where a tag begins that may go on in the next piece."""
        at = self._text.rfind("<")
        begun = self._text[at:].lower()
        may_be = at >= 0 and any(f"<{name}>".startswith(begun) for name in NAMES)
        return at if may_be else len(self._text)
