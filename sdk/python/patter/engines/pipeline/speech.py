"""Speaks the chunks of one reply in order, at most two ahead of what has been synthesised.

A chunk whose voice fails is tried once more, perhaps by another voice: from its beginning where nothing of it
was played, else from the word within which it broke off.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from patter.bridge.commands import Commands, TtsSay, TtsStop
from patter.bridge.events import TtsAudio, TtsDone, TtsFailed, WordTime
from patter.bridge.playback import BYTES_PER_MS, Playback
from patter.bridge.script import Script, Span, word_ends
from patter.engines.pipeline.clean import Cleaner

AHEAD = 2
MOST_WAITING_MS = 10_000
"""With this much audio unplayed no further chunk is asked for."""


@dataclass(slots=True)
class _Chunk:
    say_id: str
    text: str
    span: int
    aside: bool = False
    done: bool = False
    started: bool = False
    retried: bool = False
    size: int = 0
    early: list[TtsAudio] = field(default_factory=list)
    words: list[WordTime] = field(default_factory=list)
    aligned: bool = True
    """The voice may tell when each of its words ends."""

    def unsaid(self) -> str:
        """What is still to be said when its audio ends here, from the word within which it does."""
        span = Span(self.text, audio_ms=self.size // BYTES_PER_MS, words=self.words)
        said = [end for end, end_ms in word_ends(span) if end_ms <= span.audio_ms]
        return self.text[said[-1] :].strip() if said else self.text


class Speech:
    """The voice of one reply."""

    def __init__(self, name: str, playback: Playback, script: Script) -> None:
        self._name = name
        self._playback = playback
        self._script = script
        self._waiting: deque[tuple[str, bool]] = deque()
        self._open: deque[_Chunk] = deque()
        self._count = 0
        self._no_more = False
        self._withheld = False
        self._cleaner = Cleaner()
        self.first_audio_at: float | None = None
        self.failed: str | None = None
        self.failed_for_good = False

    def add(self, text: str) -> None:
        """One chunk, as the model wrote it."""
        if self.failed is None:
            self._waiting.append((text, False))

    def add_aside(self, text: str) -> None:
        """Words of the system, such as a filler: spoken in their turn, and no part of the answer."""
        self._waiting.append((text, True))

    def withhold(self) -> None:
        """Synthesise one chunk ahead and play nothing: whether this is wanted is not known yet."""
        self._withheld = True

    def release(self, now: float) -> Commands:
        """It is wanted: play what is here, and go on as usual."""
        self._withheld = False
        played = self._play_early(now)
        return [*played, *self._advance(now)]

    @property
    def withheld(self) -> bool:
        return self._withheld

    def finish(self) -> None:
        """No more chunks come."""
        self._no_more = True

    @property
    def complete(self) -> bool:
        """Everything was synthesised and given to playback."""
        return self._no_more and not self._waiting and not self._open

    def pump(self) -> Commands:
        """Ask for the next chunks, as far as order and back-pressure allow."""
        commands: Commands = []
        ahead = 1 if self._withheld else AHEAD
        while self._waiting and len(self._open) < ahead and self._playback.waiting_ms < MOST_WAITING_MS:
            text, aside = self._waiting.popleft()
            span = self._script.begin_span(text, aside=aside)
            spoken = self._cleaner.clean(text)
            if not spoken:
                self._script.complete_span(span)
                continue
            chunk = _Chunk(self._next_id(), spoken, span, aside)
            self._open.append(chunk)
            commands.append(TtsSay(chunk.say_id, spoken))
        return commands

    def _next_id(self) -> str:
        self._count += 1
        return f"{self._name}.{self._count - 1}"

    def owns(self, say_id: str) -> bool:
        return any(chunk.say_id == say_id for chunk in self._open)

    def audio(self, event: TtsAudio, now: float) -> Commands:
        chunk = self._find(event.say_id)
        if chunk is None or chunk.done:
            return []
        if self.first_audio_at is None and not chunk.aside:
            self.first_audio_at = now
        if self._withheld or chunk is not self._open[0]:
            chunk.early.append(event)
            return []
        return self._play(chunk, event, now)

    def done(self, event: TtsDone, now: float) -> Commands:
        for chunk in self._open:
            chunk.done = chunk.done or chunk.say_id == event.say_id
        return self._advance(now)

    def fail(self, event: TtsFailed, now: float) -> Commands:
        """The voice failed in a chunk. Where it does so again, the rest of the reply is not spoken."""
        chunk = self._find(event.say_id)
        if chunk is None or chunk.done:
            return []
        # Where nothing came, whoever said so may know that it is of no use.
        begun = chunk.started or bool(chunk.early)
        hopeful = not chunk.aside if begun else not (event.permanent or event.tried)
        if hopeful and not chunk.retried:
            return self._once_more(chunk, now)
        if chunk.aside:  # the answer does not depend on it
            chunk.done = True
            return self._advance(now)
        self.failed, self.failed_for_good = event.error, event.permanent
        self._no_more = True
        self._waiting.clear()
        # The chunks before this one are sound, and are heard.
        after = list(self._open)[self._open.index(chunk) :]
        for gone in after:
            self._open.remove(gone)
        return [TtsStop(gone.say_id) for gone in after[1:] if not gone.done]

    @property
    def idle(self) -> bool:
        """Nothing is being synthesised, and nothing waits to be."""
        return not self._open and not self._waiting

    @property
    def waits_for(self) -> str | None:
        """The chunk whose audio is wanted next, while its voice still owes some."""
        return self._open[0].say_id if self._open and not self._open[0].done else None

    def stop(self) -> Commands:
        """The reply was cut: nothing more is wanted."""
        commands: Commands = [TtsStop(chunk.say_id) for chunk in self._open if not chunk.done]
        self._waiting.clear()
        self._open.clear()
        return commands

    def _find(self, say_id: str) -> _Chunk | None:
        return next((chunk for chunk in self._open if chunk.say_id == say_id), None)

    def _once_more(self, chunk: _Chunk, now: float) -> Commands:
        """Another voice may do better, and it may be the same one. What was played stays."""
        chunk.retried = True
        chunk.early.clear()
        if not chunk.started:
            return [TtsSay(chunk.say_id, chunk.text)]
        rest = chunk.unsaid()
        if not rest:
            chunk.done = True
            return self._advance(now)
        self._script.forget_words(chunk.span)
        chunk.aligned = False  # times of the rest would count from its own beginning
        chunk.text, chunk.say_id = rest, self._next_id()
        return [TtsSay(chunk.say_id, rest)]

    def _play(self, chunk: _Chunk, event: TtsAudio, now: float) -> Commands:
        # The provider's alignment counts in the spoken text; it fits only where cleaning changed nothing.
        fits = chunk.aligned and self._script.spans[chunk.span].text.startswith(chunk.text)
        words = event.words if fits else ()
        chunk.words += words
        before, chunk.size = chunk.size, chunk.size + len(event.payload)
        # Pieces may be odd in size: whole milliseconds of the sum, not the sum of whole milliseconds.
        ms = chunk.size // BYTES_PER_MS - before // BYTES_PER_MS
        self._script.add_audio(chunk.span, ms, words)
        chunk.started = True
        return self._playback.add(event.payload, now)

    def _advance(self, now: float) -> Commands:
        commands: Commands = []
        while self._open and self._open[0].done and not self._withheld:
            chunk = self._open.popleft()
            self._script.complete_span(chunk.span)
            commands += self._playback.end_chunk(now)
            commands += self._play_early(now)
        return commands + self.pump()

    def _play_early(self, now: float) -> Commands:
        """What came for the chunk that is first now, before it was its turn."""
        if not self._open:
            return []
        chunk = self._open[0]
        early, chunk.early = chunk.early, []
        return [command for event in early for command in self._play(chunk, event, now)]
