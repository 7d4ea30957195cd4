"""Is the caller interrupting, or was it a cough?

Voice over a reply makes it suspected: the voice pauses and the reply goes on being made. Words, a
long voice or a key confirm it. Silence without words denies it, and the reply resumes. Two resumes
per reply; after that, and in a reply's first half second, only words and keys interrupt.

One word that the recogniser may still take back is no interruption by itself, because recognisers
make words of noise: it must be final, or have company, or come with 300 ms of voice.
"""

from __future__ import annotations

from enum import Enum

from patter.bridge.plan import TurnTaking

PROTECTED_MS = 500
RESUMES_PER_REPLY = 2
OWED_TIMES = 2
"""A recogniser that tells words only at their end is given so many times ``resume_after_ms`` for them."""
VOICE_OF_A_WORD_MS = 300

BACKCHANNELS: dict[str, frozenset[str]] = {
    "en": frozenset(
        [
            "mhm",
            "mm",
            "mmm",
            "hm",
            "hmm",
            "uh",
            "uhuh",
            "uh huh",
            "um",
            "ah",
            "oh",
            "yeah",
            "yep",
            "ok",
            "okay",
            "right",
        ]
        + ["sure", "i see"]
    ),
    "de": frozenset(["mhm", "hm", "hmm", "ja", "ok", "okay", "genau", "aha", "ach so", "äh", "ähm"]),
    "es": frozenset(["mhm", "hm", "ajá", "sí", "ok", "vale", "claro", "eh"]),
    "fr": frozenset(["mhm", "hm", "hum", "oui", "ok", "d'accord", "euh", "ah"]),
    "it": frozenset(["mhm", "hm", "sì", "ok", "certo", "ah", "eh"]),
}


def resume_after_ms(values: TurnTaking, *, owed: bool) -> int:
    """How long silence lasts that has no word. ``owed``: whether there were words is still to be told."""
    return (OWED_TIMES if owed else 1) * values.resume_after_ms


class State(Enum):
    NONE = "none"
    SUSPECTED = "suspected"


class Verdict(Enum):
    """What the pipeline should do now."""

    NOTHING = "nothing"
    PAUSE = "pause"
    CUT = "cut"
    RESUME = "resume"


def plain_words(text: str) -> list[str]:
    """Words folded to lower case, without punctuation."""
    return "".join(c if c.isalnum() or c in "' " else " " for c in text.lower()).split()


def is_backchannel(text: str, language: str) -> bool:
    """Whether this only says "I am listening"."""
    known = BACKCHANNELS.get(language.split("-")[0].lower(), BACKCHANNELS["en"])
    words = plain_words(text)
    return (
        not words
        or " ".join(words) in known
        or all(word in known for word in words)
        or _in_phrases(words, known)
    )


def _in_phrases(words: list[str], known: frozenset[str]) -> bool:
    """Whether the words are known ones and known pairs, in any order: "okay i see"."""
    at = 0
    while at < len(words):
        if " ".join(words[at : at + 2]) in known:
            at += 2
        elif words[at] in known:
            at += 1
        else:
            return False
    return True


class Interrupt:
    """Judges one reply at a time."""

    def __init__(self, values: TurnTaking, language: str) -> None:
        self._values = values
        self._language = language
        self.begin_reply()

    def begin_reply(self, voice_from: int | None = None) -> None:
        """Another reply; ``voice_from``: the caller is already speaking, counted from there."""
        self.state = State.NONE
        self._resumes = 0
        self._voice_from = voice_from
        self._quiet_from: int | None = None

    @property
    def suspected(self) -> bool:
        return self.state is State.SUSPECTED

    def voice_began(self, at_ms: int) -> None:
        if self._voice_from is None:
            self._voice_from = at_ms
        self._quiet_from = None

    def voice_ended(self, at_ms: int) -> None:
        self._quiet_from = at_ms
        if self.state is State.NONE:
            self._voice_from = None

    def words(self, text: str, *, echo: bool = False, final: bool = True, media_ms: int = 0) -> Verdict:
        if echo or is_backchannel(text, self._language):
            return Verdict.NOTHING
        voice_ms = 0 if self._voice_from is None else (self._quiet_from or media_ms) - self._voice_from
        sure = final or len(plain_words(text)) > 1 or voice_ms >= VOICE_OF_A_WORD_MS
        return Verdict.CUT if sure else Verdict.NOTHING

    def tick(self, media_ms: int, heard_ms: int, unvoiced: bool, *, owed: bool = False) -> Verdict:
        """Time passed: ``heard_ms`` of the reply were heard; ``unvoiced``: nobody speaks right now.

        ``owed``: whether there were words in the voice is still to be told.
        """
        if self.state is State.SUSPECTED:
            return self._judge(media_ms, unvoiced, resume_after_ms(self._values, owed=owed))
        if self._voice_from is None or unvoiced or not self._may_pause(heard_ms):
            return Verdict.NOTHING
        if media_ms - self._voice_from < self._values.barge_in_pause_ms:
            return Verdict.NOTHING
        self.state = State.SUSPECTED
        return Verdict.PAUSE

    def _may_pause(self, heard_ms: int) -> bool:
        return heard_ms >= PROTECTED_MS and self._resumes < RESUMES_PER_REPLY

    def _judge(self, media_ms: int, unvoiced: bool, patience_ms: int) -> Verdict:
        if not unvoiced and self._voice_from is not None:
            long_enough = media_ms - self._voice_from >= self._values.barge_in_confirm_ms
            return Verdict.CUT if long_enough else Verdict.NOTHING
        if self._quiet_from is not None and media_ms - self._quiet_from >= patience_ms:
            self.state = State.NONE
            self._resumes += 1
            self._voice_from = self._quiet_from = None
            return Verdict.RESUME
        return Verdict.NOTHING
