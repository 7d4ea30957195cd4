"""pocketsphinx, made small. Imported by the child only.

A decoder with the whole dictionary takes 90 ms and 27 MB; with only the words of its phrases it
takes 8 ms and 5 MB, so each live stream can have its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from tempfile import NamedTemporaryFile

import pocketsphinx

from patter.engines.stt.offline.phrases import Phrases
from patter.errors import ConfigError

_MAX_IDLE = 16
_LANGUAGE_WEIGHT = 2.0
# The mean of telephone speech after our front end. Without it the first sentence of a call is heard
# worse than the rest, because the running mean starts at that of wideband recordings.
_TELEPHONE_MEAN = "56.7,-2.3,-9.3,4.6,-10.9,-1.5,0.8,-12.5,-3.4,-0.9,3.1,0.4,-12.9"
_SCORE_UNIT = 1e4


class Decoder:
    """Hears one utterance at a time, 16 kHz PCM16."""

    def __init__(self, phrases: Phrases, dictionary: str) -> None:
        model = pocketsphinx.get_model_path("en-us/en-us")
        with NamedTemporaryFile("w", suffix=".dict", encoding="utf-8") as file:
            file.write(dictionary)
            file.flush()
            self._sphinx = pocketsphinx.Decoder(
                hmm=model, dict=file.name, lm=None, lw=_LANGUAGE_WEIGHT, loglevel="FATAL"
            )
        self._sphinx.add_jsgf_string("phrases", phrases.jsgf())
        self._sphinx.activate_search("phrases")
        self.forget()

    def forget(self) -> None:
        """Become ready for another call: nothing of the last speaker remains."""
        self._sphinx.set_cmn(_TELEPHONE_MEAN)

    def start(self) -> None:
        self._sphinx.start_utt()

    def feed(self, pcm: bytes) -> None:
        self._sphinx.process_raw(pcm, False, False)

    def end(self) -> None:
        self._sphinx.end_utt()

    def heard(self) -> tuple[str, float]:
        """The words so far, and how well they fit the sound: the mean score per frame of the words."""
        hypothesis = self._sphinx.hyp()
        if hypothesis is None or not hypothesis.hypstr:
            return "", -math.inf
        score, frames = 0.0, 0
        for part in self._sphinx.seg():
            if part.word[0] not in "<[":
                score += math.log(max(part.ascore, 1e-300))
                frames += part.end_frame - part.start_frame + 1
        return hypothesis.hypstr, _SCORE_UNIT * score / max(frames, 1)


class DecoderPool:
    """Decoders for each list of phrases. An idle one is used again."""

    def __init__(self) -> None:
        self._dictionaries: dict[str, str] = {}
        self._idle: dict[str, list[Decoder]] = {}

    def take(self, phrases: list[str]) -> tuple[str, Phrases, Decoder]:
        """A decoder and the key to give it back with. Raises ConfigError when a word is not known."""
        key, known = json.dumps(phrases), Phrases(phrases)
        if idle := self._idle.get(key):
            return key, known, idle.pop()
        if key not in self._dictionaries:
            self._dictionaries[key] = _dictionary(known.words)
        return key, known, Decoder(known, self._dictionaries[key])

    def give_back(self, key: str, decoder: Decoder) -> None:
        """Keep a decoder whose stream is over."""
        idle = self._idle.setdefault(key, [])
        if len(idle) < _MAX_IDLE:
            decoder.forget()
            idle.append(decoder)


def _dictionary(words: set[str]) -> str:
    entries = list(_entries(words))
    missing = words - {_word_of(entry) for entry in entries}
    if missing:
        raise ConfigError(f"the offline recogniser does not know: {', '.join(sorted(missing))}")
    return "".join(entries)


def _entries(words: set[str]) -> Iterable[str]:
    with open(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"), encoding="utf-8") as dictionary:
        for line in dictionary:
            if _word_of(line) in words:
                yield line


def _word_of(entry: str) -> str:
    # "the(2) DH IY" is a second way to say "the".
    return entry.split(" ", 1)[0].split("(", 1)[0]
