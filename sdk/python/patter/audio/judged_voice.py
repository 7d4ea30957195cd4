"""Voice that a model calls speech: loudness opens a gate, and behind it a model judges 32 ms at a time.

A model always on would cost as much as the whole bridge; behind the gate it costs something only while
somebody or something is loud. What it judges is what was loud, so echo stays the energy detector's task.
"""

from __future__ import annotations

from typing import Protocol

from patter.audio.frames import ms_of
from patter.audio.voice import Edge, VoiceDetector

WINDOW_BYTES = 256
"""32 ms of µ-law, what a model takes at once."""
SPEECH, STILL_SPEECH = 0.5, 0.35
"""How likely speech must be to begin, and to go on."""
HANGOVER_MS = 200
"""As the energy detector's: a pause between syllables is no end, and the gate closes after it."""
SURE_AFTER_MS = 64
"""A model is sure of a word two windows after its beginning."""


class VoiceModel(Protocol):
    """Tells speech from other sound. It remembers: one line's sound only, in order."""

    def likelihood(self, window: bytes) -> float:
        """How likely somebody speaks in this µ-law, ``WINDOW_BYTES`` long: 0 to 1."""


class VoiceModels(Protocol):
    """Where models are lent from. Neither call blocks."""

    def take(self) -> VoiceModel | None:
        """A model that remembers nothing, or None while all are in use."""

    def give_back(self, model: VoiceModel) -> None:
        """Its line fell silent."""


class Detector(Protocol):
    """What ears need: ``VoiceDetector``, or ``JudgedDetector`` round one."""

    voiced: bool

    @property
    def loud(self) -> bool: ...

    @property
    def last_voiced_ms(self) -> int: ...

    def note_playback(self, loudness: int) -> None: ...

    def doubt_echo(self) -> None: ...

    def feed(self, payload: bytes, ms: int) -> Edge | None: ...

    def rest(self) -> None: ...


class JudgedDetector:
    """One direction of one call, as ``VoiceDetector``. Without a free model loudness decides alone."""

    def __init__(self, energy: VoiceDetector, models: VoiceModels) -> None:
        self._energy, self._models = energy, models
        self._model: VoiceModel | None = None
        self._open = False
        self._window = b""
        self._speech = False
        self._loud_from_ms = self._speech_from_ms = self._voiced_until_ms = 0
        self.voiced = False

    @property
    def loud(self) -> bool:
        """The last frame was louder than line and echo, whatever it was."""
        return self._energy.loud

    @property
    def last_voiced_ms(self) -> int:
        """Where the last loud frame of speech ended."""
        return self._voiced_until_ms

    def note_playback(self, loudness: int) -> None:
        self._energy.note_playback(loudness)

    def doubt_echo(self) -> None:
        self._energy.doubt_echo()

    def feed(self, payload: bytes, ms: int) -> Edge | None:
        """Take audio that begins at ``ms``; say when speech began or ended."""
        edge = self._energy.feed(payload, ms)
        until_ms = ms + ms_of(len(payload))
        if edge is not None and edge.voiced:
            self._loud_from_ms = edge.at_ms
        if self._energy.loud and not self._open:
            self._open_gate(ms)
        elif self._open and until_ms - self._energy.last_voiced_ms >= HANGOVER_MS:
            self.rest()
        if self._open:
            self._judge(payload, until_ms)
        if self._speech and self._energy.loud and self._energy.voiced:
            return self._spoken(until_ms)
        return self._not_spoken(until_ms)

    def rest(self) -> None:
        """The line is quiet, or nothing more comes of it: the model is free for another."""
        if self._model is not None:
            self._models.give_back(self._model)
        self._open, self._model, self._window, self._speech = False, None, b"", False

    def _open_gate(self, ms: int) -> None:
        self._open = True
        self._model = self._models.take()
        self._speech = self._model is None
        self._speech_from_ms = ms

    def _judge(self, payload: bytes, until_ms: int) -> None:
        if self._model is None:
            return
        self._window += payload
        while len(self._window) >= WINDOW_BYTES:
            window, self._window = self._window[:WINDOW_BYTES], self._window[WINDOW_BYTES:]
            speech = self._model.likelihood(window) >= (STILL_SPEECH if self._speech else SPEECH)
            if speech and not self._speech:
                self._speech_from_ms = until_ms - ms_of(len(self._window)) - SURE_AFTER_MS
            self._speech = speech

    def _spoken(self, until_ms: int) -> Edge | None:
        self._voiced_until_ms = until_ms
        if self.voiced:
            return None
        self.voiced = True
        return Edge(True, max(self._loud_from_ms, self._speech_from_ms))

    def _not_spoken(self, until_ms: int) -> Edge | None:
        if not self.voiced or until_ms - self._voiced_until_ms < HANGOVER_MS:
            return None
        self.voiced = False
        return Edge(False, self._voiced_until_ms)
