"""Is somebody speaking? Loudness over the noise of the line, with hysteresis.

All times are media milliseconds given by the caller: the detector has no clock, so silence that the
carrier never sent counts as silence as soon as the next frame shows the gap.
"""

from __future__ import annotations

from dataclasses import dataclass

from patter.audio.echo_return import AMPLITUDES, EchoReturn
from patter.audio.frames import ms_of
from patter.audio.mulaw import level

_WINDOW_MS = 1000
_ECHO_HYSTERESIS = 0.7
"""3 dB, as ``Thresholds.hysteresis`` has."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Voice began or ended. ``at_ms`` is where in the media it really did, not when it was sure."""

    voiced: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Loudness steps as of ``mulaw.level``: 32 are 6 dB."""

    least: int = 44
    """Never voice below this, about -42 dBFS: comfort noise is not speech."""
    over_noise: int = 40
    hysteresis: int = 16
    start_floor: int = 64
    """Before the line is known it may be noisy, about -33 dBFS; one quiet moment corrects that."""
    highest_floor: int = 100
    """Steady noise can be no louder than this, or speech itself would become the floor."""


class VoiceDetector:
    """One direction of one call. Feed it 10 to 60 ms at a time."""

    def __init__(
        self,
        *,
        min_voiced_ms: int = 60,
        hangover_ms: int = 200,
        thresholds: Thresholds | None = None,
    ) -> None:
        self._min_voiced_ms, self._hangover_ms = min_voiced_ms, hangover_ms
        self._limits = thresholds or Thresholds()
        self._floor = _Floor(self._limits)
        self._echo = EchoReturn()
        self._loud_from: int | None = None
        self._loud_until = 0
        self._loud_ms = 0
        self.loud = False
        """The last frame was louder than line and echo: voice, if more follow."""
        self.voiced = False

    @property
    def noise_floor(self) -> int:
        """The line's own loudness, as learnt so far."""
        return self._floor.level

    @property
    def last_voiced_ms(self) -> int:
        """Where the last loud frame ended."""
        return self._loud_until

    def note_playback(self, loudness: int) -> None:
        """What we play right now, as of ``mulaw.level``: its echo is not taken for voice."""
        self._echo.played(loudness)

    def doubt_echo(self) -> None:
        """A voice over our own was nobody's."""
        self._echo.doubt()

    def rest(self) -> None:
        """Nothing more comes for now. Loudness borrows nothing, so nothing is given back."""

    def feed(self, payload: bytes, ms: int) -> Edge | None:
        """Take audio that begins at ``ms``; say when voice began or ended."""
        length = ms_of(len(payload))
        loudness = level(payload)
        self.loud = self._is_loud(loudness, self._echo.expect(length))
        self._floor.learn(loudness, length)
        if not self.loud and not self.voiced:
            self._echo.heard(loudness, self._floor.level)
        if not self.loud:
            return self._after_quiet(ms + length)
        edge = self._after_loud(ms, length)
        if self.voiced:
            self._echo.forget_recent()
        return edge

    def _is_loud(self, loudness: int, echo: float) -> bool:
        limits = self._limits
        threshold = max(limits.least, self._floor.level + limits.over_noise)
        if self.voiced:
            threshold, echo = threshold - limits.hysteresis, echo * _ECHO_HYSTERESIS
        if loudness < threshold:
            return False
        return not echo or AMPLITUDES[loudness] > echo + AMPLITUDES[self._floor.level]

    def _after_loud(self, ms: int, length_ms: int) -> Edge | None:
        # A syllable may dip for a frame; two pieces of noise far apart must not add up.
        if self._loud_from is None or ms - self._loud_until > self._min_voiced_ms:
            self._loud_from, self._loud_ms = ms, 0
        self._loud_ms += length_ms
        self._loud_until = ms + length_ms
        if self.voiced or self._loud_ms < self._min_voiced_ms:
            return None
        self.voiced = True
        return Edge(True, self._loud_from)

    def _after_quiet(self, until_ms: int) -> Edge | None:
        if not self.voiced or until_ms - self._loud_until < self._hangover_ms:
            return None
        self.voiced, self._loud_from = False, None
        return Edge(False, self._loud_until)


class _Floor:
    """The quietest of the last one to two seconds: speech has gaps that show the line, noise has none."""

    def __init__(self, limits: Thresholds) -> None:
        self._highest = limits.highest_floor
        self._before = self._current = limits.start_floor
        self._window_ms = 0

    @property
    def level(self) -> int:
        return min(self._before, self._current, self._highest)

    def learn(self, loudness: int, length_ms: int) -> None:
        if self._window_ms >= _WINDOW_MS:
            self._before, self._current, self._window_ms = self._current, loudness, 0
        self._current = min(self._current, loudness)
        self._window_ms += length_ms
