"""ElevenLabs' times of characters as times of words in our text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.bridge.events import WordTime

_LOOK_AHEAD = 12
"""Characters of the text that the times may leave out; a character found no sooner is not of the text."""


_SPELLINGS = ("charStartTimesMs", "charsStartTimesMs"), ("charDurationsMs", "charsDurationsMs")
"""The vendor's own descriptions disagree about the names of these two lists."""


def _ends_of(alignment: Any) -> list[tuple[str, int]]:
    """Characters and when each ends. Empty for what is no alignment: then times are estimated."""
    if not isinstance(alignment, Mapping):
        return []
    chars = alignment.get("chars")
    starts, lengths = (
        next((alignment[name] for name in names if name in alignment), None) for names in _SPELLINGS
    )
    if not isinstance(chars, list) or not isinstance(starts, list) or not isinstance(lengths, list):
        return []
    if not all(isinstance(time, int | float) for time in [*starts, *lengths]):
        return []
    times = zip(chars, starts, lengths, strict=False)
    return [(str(char), round(start + length)) for char, start, length in times]


class Words:
    """Follows one text through its alignments. What fits nowhere in the text is passed over."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._start: int | None = None
        self._last_ms = 0

    def feed(self, alignment: Mapping[str, Any] | None, offset_ms: int) -> tuple[WordTime, ...]:
        """The words that end in this alignment, whose times count from ``offset_ms`` of the audio on."""
        words = []
        for char, length_ms in _ends_of(alignment):
            if (word := self._char(char, offset_ms + length_ms)) is not None:
                words.append(word)
        return tuple(words)

    def _char(self, char: str, end_ms: int) -> WordTime | None:
        if not char or char.isspace():
            return None
        at = self._text.find(char, self._at, self._at + _LOOK_AHEAD)
        if at < 0:
            return None
        if self._start is None or any(skipped.isspace() for skipped in self._text[self._at : at]):
            self._start = self._begin_of_word(at)
        self._at = at + len(char)
        # Audio is counted by the byte and times by the model: they may run apart, never backwards.
        self._last_ms = max(self._last_ms, end_ms)
        if self._at < len(self._text) and not self._text[self._at].isspace():
            return None
        start, self._start = self._start, None
        return WordTime(start, self._at, self._last_ms)

    def _begin_of_word(self, at: int) -> int:
        while at > 0 and not self._text[at - 1].isspace():
            at -= 1
        return at
