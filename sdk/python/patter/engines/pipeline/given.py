"""Words that ended a turn before the recogniser was done with them: it says them again, with what follows.

An interim text that ended a turn, because nothing more came or a key was pressed, is the beginning of the
recogniser's next texts, until a final one closes them. Those words are no new ones.
"""

from __future__ import annotations

REMEMBERED_MS = 10_000


class Given:
    """Of one caller. Words are compared as they sound, and may be corrected afterwards."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._until_ms = 0

    def add(self, interim: str, media_ms: int) -> None:
        """A turn ended with these words, which were not final."""
        if interim:
            self._words += folded_words(interim)
            self._until_ms = media_ms + REMEMBERED_MS

    def close(self) -> None:
        """A final text came: what follows begins anew."""
        self._words.clear()

    def rest(self, text: str, media_ms: int) -> str:
        """What of this text was not given out yet."""
        if not self._words or media_ms > self._until_ms or not self._repeats(folded_words(text)):
            return text
        return " ".join(text.split()[len(self._words) :])

    def _repeats(self, words: list[str]) -> bool:
        count = len(self._words)
        same = sum(word == given for word, given in zip(words, self._words, strict=False))
        # A part of them is nothing new only when it is exactly that.
        return 2 * same > count if len(words) >= count else same == len(words)


def folded_words(text: str) -> list[str]:
    """Word by word, so that each stands for one of the text."""
    return ["".join(filter(str.isalnum, word.lower())) for word in text.split()]
