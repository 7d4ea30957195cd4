"""Words of a recogniser that fell over in mid-sentence. The next one is given the last 2 s of the voice.

So its text begins somewhere within what is known already, perhaps within a word; or, after a long sentence,
where the known words end. A sentence that had just begun is heard anew as a whole.
"""

from __future__ import annotations

from patter.engines.pipeline.given import folded_words

WHOLE_MS = 1000
"""What began so shortly before is heard anew, though the next recogniser takes a moment to open."""


class Carried:
    """Of one caller. ``join`` is asked for each text of the next recogniser, until one is final."""

    def __init__(self) -> None:
        self._words: list[str] = []

    def keep(self, interim: str, age_ms: int) -> None:
        """The recogniser is gone, and has said so much of a sentence that began ``age_ms`` ago."""
        self._words = interim.split() if age_ms > WHOLE_MS else []

    def forget(self) -> None:
        """A final text holds them, or the caller's turn is over."""
        self._words = []

    def join(self, text: str) -> str:
        """The whole sentence, of which the next recogniser heard this."""
        words = text.split()
        if not self._words or _begins_alike(self._words, words):
            return text
        for skipped in (0, 1):  # what it heard first may be the end of a word
            if common := _overlap(self._words, words[skipped:]):
                return " ".join([*self._words[:-common], *words[skipped:]])
        return " ".join([*self._words, *words])


def _begins_alike(before: list[str], after: list[str]) -> bool:
    """It heard all of it: most words stand where they stood."""
    pairs = list(zip(_folded(before), _folded(after), strict=False))
    return len(after) >= len(before) and 2 * sum(one == other for one, other in pairs) > len(pairs)


def _overlap(before: list[str], after: list[str]) -> int:
    """How many of the last words are said again, at most."""
    old, new = _folded(before), _folded(after)
    longest = min(len(old), len(new))
    return next((count for count in range(longest, 0, -1) if old[-count:] == new[:count]), 0)


def _folded(words: list[str]) -> list[str]:
    return folded_words(" ".join(words))
