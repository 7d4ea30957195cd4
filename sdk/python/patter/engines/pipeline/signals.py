"""What the small machines of the pipeline say to each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VoiceBegan:
    at_ms: int


@dataclass(frozen=True, slots=True)
class VoiceEnded:
    at_ms: int


@dataclass(frozen=True, slots=True)
class WordsHeard:
    """What the caller is saying so far; ``final`` text does not change again."""

    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class FinalizeWanted:
    """The caller fell silent and the recogniser still owes its final text."""


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    """The caller is done. ``cause`` is stt, utterance_end, silence, ceiling or key, or no_words.

    ``no_words``: there was voice, and the recogniser made nothing of it; ``text`` is empty.
    """

    text: str
    cause: str
    started_ms: int
    last_voiced_ms: int


@dataclass(frozen=True, slots=True)
class EndLikely:
    """The caller is probably done with this text: a reply may be prepared, and not be heard yet."""

    text: str


@dataclass(frozen=True, slots=True)
class WentOn:
    """The caller speaks on after ``EndLikely``."""


Signal = VoiceBegan | VoiceEnded | WordsHeard | FinalizeWanted | UtteranceEnded | EndLikely | WentOn
