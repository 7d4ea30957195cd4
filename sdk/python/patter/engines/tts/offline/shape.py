"""What espeak gives, made into what a call wants: µ-law without the silence around it, and word times."""

from __future__ import annotations

from dataclasses import dataclass

from patter.audio.frames import SAMPLE_RATE_HZ, bytes_of, ms_of
from patter.audio.mulaw import DECODED, from_pcm16
from patter.audio.resample import Resampler

LEAD_MS = 20
TAIL_MS = 40
CHUNK_BYTES = bytes_of(200)

_QUIET = bytes(code for code, value in enumerate(DECODED) if abs(value) <= 64)

Word = tuple[int, int, int]
"""Start and end in the text, and the millisecond at which it has been said."""


@dataclass(frozen=True, slots=True)
class Piece:
    """At most 200 ms of audio, and the words that are known to end by now."""

    payload: bytes
    words: tuple[Word, ...] = ()


class Shaper:
    """One utterance. Positions in the text are characters."""

    def __init__(self, text: str, rate_hz: int) -> None:
        self._resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)
        self._words = _Words(text)
        self._started = False
        self._trimmed_bytes = 0
        self._held = b""

    def word(self, audio_ms: int, position: int | None) -> None:
        """A word begins at ``position``, or (None) a clause ends, at this time of the raw audio."""
        self._words.boundary(audio_ms, position)

    def feed(self, pcm: bytes) -> list[Piece]:
        """Take PCM16 at espeak's rate; give what is surely not silence at the end."""
        return self._shape(from_pcm16(self._resampler.feed(pcm)))

    def finish(self) -> list[Piece]:
        """The end of the utterance, with at most 40 ms of silence and all words."""
        pieces = self._shape(from_pcm16(self._resampler.flush()))
        if not self._started:
            return pieces
        self._words.finish()
        return [*pieces, *self._pieces(self._held[: bytes_of(TAIL_MS)])]

    def _shape(self, payload: bytes) -> list[Piece]:
        data = self._held + payload
        if not self._started:
            loud = data.lstrip(_QUIET)
            keep = bytes_of(LEAD_MS) + len(loud)
            self._trimmed_bytes += max(0, len(data) - keep)
            data = data[-keep:]
            self._started = bool(loud)
            if not loud:
                self._held = data
                return []
        body = data.rstrip(_QUIET)
        self._held = data[len(body) :]
        return self._pieces(body)

    def _pieces(self, body: bytes) -> list[Piece]:
        chunks = [body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES)]
        if not chunks:
            return []
        words = self._words.take(ms_of(self._trimmed_bytes))
        return [*map(Piece, chunks[:-1]), Piece(chunks[-1], words)]


class _Words:
    """A word has been said when the next one begins, or its clause ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: int | None = None
        self._last_ms = 0
        self._done: list[Word] = []

    def boundary(self, audio_ms: int, position: int | None) -> None:
        self._last_ms = audio_ms
        if self._open is not None and self._open != position:
            limit = len(self._text) if position is None else position
            end = self._end_of(self._open, limit)
            if end > self._open:
                self._done.append((self._open, end, audio_ms))
        self._open = position

    def finish(self) -> None:
        self.boundary(self._last_ms, None)

    def take(self, trimmed_ms: int) -> tuple[Word, ...]:
        words = tuple((start, end, max(0, ms - trimmed_ms)) for start, end, ms in self._done)
        self._done.clear()
        return words

    def _end_of(self, start: int, limit: int) -> int:
        # espeak counts "12:30" as two words and gives lengths that miss some of it, so a word goes on
        # to the next space, with its punctuation.
        end = start
        while end < limit and not self._text[end].isspace():
            end += 1
        return end
