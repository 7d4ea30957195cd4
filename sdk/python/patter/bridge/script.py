"""Which words of a reply were heard: spans of text against milliseconds of audio.

A reply is spoken in chunks, and each chunk is a span. With the provider's alignment a word was heard
when its end was. Without, the span's audio is shared out among its words by weight. The rules are
exact, and bind both SDKs (``sdk/contract/heard_text.json``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from patter.bridge.events import WordTime

MS_PER_CHARACTER = 65
WORD = re.compile(r"\S+")


@dataclass(slots=True)
class Span:
    """One chunk: its text as the model wrote it, and the audio it became."""

    text: str
    aside: bool = False
    """Said by the system within a reply, such as a filler: it takes time and is not part of the answer."""
    audio_ms: int = 0
    complete: bool = False
    words: list[WordTime] = field(default_factory=list)

    def length_ms(self) -> int:
        """While the audio still comes, what is known is only a lower bound."""
        if self.complete:
            return self.audio_ms
        return max(self.audio_ms, MS_PER_CHARACTER * len(self.text))


def word_weight(word: str) -> int:
    """How much of a span's audio a word takes: letters and digits, and a pause after punctuation."""
    weight = sum(character.isalnum() for character in word) + 2
    if word[-1] in ".!?":
        return weight + 8
    return weight + 4 if word[-1] in ",;:" else weight


def word_ends(span: Span) -> list[tuple[int, int]]:
    """``(end in text, end in ms)`` of each word of a span."""
    if span.words:
        return [(word.end, word.end_ms) for word in span.words]
    matches = list(WORD.finditer(span.text))
    weights = [word_weight(match.group()) for match in matches]
    total, length, passed = sum(weights), span.length_ms(), 0
    ends = []
    for match, weight in zip(matches, weights, strict=True):
        passed += weight
        ends.append((match.end(), length * passed // total))
    return ends


class Script:
    """The spans of one reply."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    @property
    def full_text(self) -> str:
        return "".join(span.text for span in self.spans if not span.aside).strip()

    def begin_span(self, text: str, *, aside: bool = False) -> int:
        self.spans.append(Span(text, aside))
        return len(self.spans) - 1

    def add_audio(self, index: int, ms: int, words: Iterable[WordTime] = ()) -> None:
        self.spans[index].audio_ms += ms
        self.spans[index].words.extend(words)

    def forget_words(self, index: int) -> None:
        """The times of its words do not hold any more: they are estimated."""
        self.spans[index].words.clear()

    def complete_span(self, index: int) -> None:
        self.spans[index].complete = True

    def heard_text(self, heard_ms: int) -> str:
        """The original text up to the last word that was heard; empty when none was."""
        return self._heard(heard_ms, aside=False)

    def heard_aside(self, heard_ms: int) -> str:
        """What was heard of the system's own words within this reply."""
        return self._heard(heard_ms, aside=True)

    def _heard(self, heard_ms: int, *, aside: bool) -> str:
        heard = ""
        before = ""
        start_ms = 0
        for span in self.spans if heard_ms > 0 else ():
            wanted = span.text if span.aside is aside else ""
            if span.complete and not span.audio_ms:  # nothing of it was spoken: code, an address
                before += wanted
                continue
            ends = [end for end, end_ms in word_ends(span) if start_ms + end_ms <= heard_ms]
            if ends and wanted:
                heard = before + wanted[: ends[-1]]
            if not span.complete or start_ms + span.audio_ms > heard_ms:
                break
            before += wanted
            start_ms += span.audio_ms
        return heard.strip()
