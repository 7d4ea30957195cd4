"""The closed list of sentences that a caller may say, and what a partly heard one means."""

from __future__ import annotations

import re
from collections.abc import Iterable

from patter.errors import ConfigError

_HEARD_SHARE = 0.6
"""A last weak word gets lost ("just the two of us" without "us"). With this much of it, it is that phrase."""


def fold(text: str) -> str:
    """A text as the recogniser spells it: lower-case words, apostrophes kept, no other signs."""
    text = text.lower().replace("\u2019", "'")
    return " ".join(word.strip("'") for word in re.findall(r"[^\W_][^\W_']*(?:'[^\W_]+)*", text))


class Phrases:
    """Phrases as written, found again by the words that were heard. Raises ConfigError on useless ones."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._written: dict[tuple[str, ...], str] = {}
        for phrase in phrases:
            words = tuple(fold(phrase).split())
            if not words or not all(re.fullmatch(r"[a-z']+", word) for word in words):
                raise ConfigError(
                    f"stt phrase {phrase!r} cannot be recognised: write English words, numbers as words too"
                )
            self._written.setdefault(words, phrase)
        if not self._written:
            raise ConfigError(
                'the offline recogniser needs options.phrases, such as ["yes please", "no thank you"]'
            )

    @property
    def words(self) -> set[str]:
        """Every word that occurs."""
        return {word for phrase in self._written for word in phrase}

    def jsgf(self) -> str:
        """The grammar: any one phrase. Words hold only letters and apostrophes, so nothing needs escaping."""
        choices = " | ".join(f"( {' '.join(words)} )" for words in self._written)
        return f"#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = {choices};\n"

    def meant(self, heard: str) -> str:
        """The phrase that was said, as written, or nothing. Never a guess between two."""
        words = tuple(heard.split())
        if words in self._written:
            return self._written[words]
        longer = self._beginning_with(words)
        if len(longer) != 1 or len(words) < _HEARD_SHARE * len(longer[0]):
            return ""
        return self._written[longer[0]]

    def so_far(self, heard: str) -> str:
        """A part of a phrase, with the capitals of the phrase as written where they are clear."""
        words = tuple(heard.split())
        fitting = self._beginning_with(words)
        written = self._written[fitting[0]].split() if fitting else []
        spelt = fitting and len(written) == len(fitting[0])
        return " ".join(written[: len(words)]) if spelt else heard

    def _beginning_with(self, words: tuple[str, ...]) -> list[tuple[str, ...]]:
        return [phrase for phrase in self._written if words and phrase[: len(words)] == words]
