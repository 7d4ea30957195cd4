"""What the server hears, decided by a recogniser that can be exchanged. Times are media milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from patter.audio.frames import FRAME_MS, Framer, ms_of
from patter.audio.voice import VoiceDetector
from patter.bridge.events import Event, SttHeard, SttSpeechStarted
from patter.bridge.plan import ProviderSpec
from patter.engines.stt.offline.link import OfflineStt

WORD_MS = 250
"""A scripted caller says a word in this time."""
EDGE_MS = 60
EAGER_MS = 160
"""Silence after which the end of a turn is likely."""


@dataclass(frozen=True, slots=True)
class VoiceBegan:
    at_ms: int


@dataclass(frozen=True, slots=True)
class Words:
    """Text since the last final one. ``ended``: silence lasted long enough."""

    text: str
    final: bool
    ended: bool
    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The speaker may be done."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The speaker was not done."""


Sound = VoiceBegan | Words | Paused | Resumed
Report = Callable[[Sound], None]


class Recogniser(Protocol):
    """One stream of µ-law 8 kHz. Reports from the event loop only."""

    def start(self, report: Report, endpointing_ms: int) -> None: ...
    def feed(self, payload: bytes) -> None: ...
    def finalize(self) -> None: ...
    async def stop(self) -> None: ...


class ScriptedRecogniser:
    """Real voice detection, scripted words: each stretch of voice is the next utterance.

    ``|`` in an utterance parts it in results that are final each, as long speech is.
    """

    def __init__(self, utterances: Iterator[str]) -> None:
        self._utterances = utterances
        self._voice = VoiceDetector(hangover_ms=EDGE_MS)
        self._framer = Framer()
        self._now_ms = 0
        self._began_ms: int | None = None
        self._part_from_ms = 0
        self._paused = False
        self._parts: list[list[str]] = []
        self._said = 0

    def start(self, report: Report, endpointing_ms: int) -> None:
        self._report, self._endpointing_ms = report, endpointing_ms

    def feed(self, payload: bytes) -> None:
        for frame in self._framer.feed(payload):
            edge = self._voice.feed(frame, self._now_ms)
            self._now_ms += FRAME_MS
            if edge is not None and edge.voiced and self._began_ms is None:
                self._begin(edge.at_ms)
            if self._began_ms is not None:
                self._go_on(self._began_ms)

    def finalize(self) -> None:
        """Give what was heard so far, and what was meant with it, as final."""
        text = " ".join(word for part in self._parts for word in part)
        self._parts = []
        self._say(text, final=True, ended=False)

    async def stop(self) -> None:
        """Nothing is held."""

    def _begin(self, at_ms: int) -> None:
        self._began_ms = self._part_from_ms = at_ms
        self._said, self._paused = 0, False
        self._parts = [part.split() for part in next(self._utterances).split("|")]
        self._report(VoiceBegan(at_ms))

    def _go_on(self, began_ms: int) -> None:
        quiet_ms = self._now_ms - self._voice.last_voiced_ms
        if quiet_ms >= self._endpointing_ms:
            self._end()
        elif self._paused and quiet_ms < EDGE_MS:
            self._paused = False
            self._report(Resumed())
        elif not self._paused and quiet_ms >= EAGER_MS:
            self._paused = True
            self._report(Paused())
        elif self._voice.voiced and (self._now_ms - began_ms) // WORD_MS > self._said:
            self._said += 1
            self._next_word(self._said)

    def _next_word(self, said: int) -> None:
        if not self._parts:
            return
        part = self._parts[0]
        if said > len(part) and len(self._parts) > 1:
            self._said = 0
            self._began_ms = self._now_ms
            self._say(" ".join(self._parts.pop(0)), final=True, ended=False)
        else:
            self._say(" ".join(part[:said]), final=False, ended=False)

    def _end(self) -> None:
        text = " ".join(word for part in self._parts for word in part)
        self._parts = []
        self._say(text, final=True, ended=True)
        self._began_ms = None

    def _say(self, text: str, *, final: bool, ended: bool) -> None:
        until_ms = max(self._part_from_ms, min(self._voice.last_voiced_ms, self._now_ms))
        self._report(Words(text, final, ended, self._part_from_ms, until_ms))
        if final:
            self._part_from_ms = until_ms


class OfflineRecogniser:
    """Real recognition of a closed list of phrases, by the recogniser that needs no account."""

    def __init__(self, phrases: list[str]) -> None:
        self._phrases = phrases
        self._now_ms = 0
        self._from_ms = 0

    def start(self, report: Report, endpointing_ms: int) -> None:
        self._report = report
        options = {"phrases": self._phrases, "endpointing_ms": max(100, min(3000, endpointing_ms))}
        self._stt = OfflineStt(ProviderSpec("offline", options=options))
        self._task = asyncio.create_task(self._stt.run("", self._heard))

    def feed(self, payload: bytes) -> None:
        self._now_ms += ms_of(len(payload))
        self._stt.send(payload)

    def finalize(self) -> None:
        self._stt.finalize()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _heard(self, event: Event) -> None:
        match event:
            case SttSpeechStarted():
                self._from_ms = self._now_ms
                self._report(VoiceBegan(self._now_ms))
            case SttHeard(_, text, final, end_of_turn):
                self._report(Words(text, final, end_of_turn, self._from_ms, self._now_ms))
            case _:
                pass
