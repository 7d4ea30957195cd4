"""ElevenLabs' times of characters as times of words in our text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.bridge.events import WordTime

_LOOK_AHEAD = 12
"""Characters of the text that the times may leave out; a character found no sooner is not of the text."""


class Words:
    """Follows one text through its alignments. What fits nowhere in the text is passed over."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._start: int | None = None
        self._last_ms = 0

    def feed(self, alignment: Mapping[str, Any] | None, offset_ms: int) -> tuple[WordTime, ...]:
        """The words that end in this alignment, whose times count from ``offset_ms`` of the audio on."""
        if not isinstance(alignment, Mapping):
            return ()
        starts, lengths = alignment.get("charStartTimesMs") or (), alignment.get("charDurationsMs") or ()
        words = []
        for char, start, length in zip(alignment.get("chars") or (), starts, lengths, strict=False):
            end_ms = offset_ms + round(float(start) + float(length))
            if (word := self._char(str(char), end_ms)) is not None:
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
