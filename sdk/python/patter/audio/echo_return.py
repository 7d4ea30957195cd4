"""How loud may our own voice come back over this line? Learnt from the line itself.

A fixed margin is wrong on every line: under a quiet echo it hides a caller's first syllable, and a loud or
late one goes through it. What was played and what came meanwhile tell: over some seconds, nothing that comes
back exceeds a certain part of what was played, and no window of time predicts it as well as the one at the
echo's delay. Before that is known, the echo is taken for as loud as a bad line's.

What a caller says must not be learnt as echo. So a frame counts only after nobody was found to speak in the
next 300 ms, and a pause of the agent that turns out to have been for nothing makes everything be learnt anew.
"""

from __future__ import annotations

from collections import deque

AMPLITUDES: tuple[float, ...] = tuple((256 ** (loudness / 254) - 1) / 255 for loudness in range(256))
"""Mean amplitude, 0 to 1, of a frame with this ``mulaw.level``: the law of µ-law itself."""

FRAME_MS = 20
FRAMES = 24
"""How long an echo may take, 480 ms: round trips over mobile lines and their buffers."""
NEAR_FRAMES = 5
"""What is played is known to 40 ms: marks come late, and an echo is smeared."""
UNKNOWN_LINE = 0.316
"""Part of what is played, until the line is known: -10 dB."""
DOUBTED_LINE = 0.562
"""The same after a pause for nothing, -5 dB. A caller as loud as the agent is heard in any case."""
HEADROOM = 1.25
KNOWN_AFTER = 1000 // FRAME_MS
NEAR_AFTER = 300 // FRAME_MS
"""Frames in which an echo was audible, before its delay is believed."""
JUDGED_AFTER = 300 // FRAME_MS
KEPT = 8000 // FRAME_MS
CHOSEN_EVERY = 10
TELLING = AMPLITUDES[100]
"""About -25 dBFS: what comes back of anything quieter drowns in the line's noise."""
AUDIBLE_OVER_NOISE = 24
"""Of ``mulaw.level``. A voice begins at 40 over the noise, so that quieter echo matters to nobody."""
LEAST = AMPLITUDES[44]
"""Added to what a window holds, so that a quiet moment in it predicts no infinite echo."""

_WINDOWS = tuple((at, at + NEAR_FRAMES) for at in range(0, FRAMES - NEAR_FRAMES + 1, 2))


class EchoReturn:
    """Of one line. For each frame: ``played`` if we play, ``expect``, then ``heard`` or ``forget_recent``."""

    def __init__(self) -> None:
        self._played = deque([0.0] * FRAMES, maxlen=FRAMES)
        self._now = 0.0
        self._silent_frames = FRAMES
        self._peak = 0.0
        self._recent: deque[list[float] | None] = deque()
        self._most = UNKNOWN_LINE
        self._near_after = NEAR_AFTER
        self._learn_anew()

    def _learn_anew(self) -> None:
        self._before = [0.0] * (len(_WINDOWS) + 1)  # largest parts: of the whole past, then of each window
        self._current = list(self._before)
        self._count = self._known = self._audible = 0
        self._window: tuple[int, int] | None = None
        self._part = self._most
        self._recent.clear()

    def played(self, loudness: int) -> None:
        """What we play right now, as of ``mulaw.level``."""
        self._now = max(self._now, AMPLITUDES[loudness])

    def expect(self, length_ms: int) -> float:
        """Time passes; the amplitude, 0 to 1, that an echo may have in what comes next. 0 in silence."""
        now, self._now = self._now, 0.0
        self._silent_frames = 0 if now else self._silent_frames + 1
        if self._silent_frames > FRAMES:
            return 0.0
        for _ in range(max(1, length_ms // FRAME_MS)):
            oldest = self._played[0]
            self._played.append(now)
            if now >= self._peak:
                self._peak = now
            elif oldest == self._peak:
                self._peak = max(self._played)
        if not self._peak:
            return 0.0
        if self._window is None:
            return self._peak * self._part
        first, end = self._window
        return (max(list(self._played)[first:end]) + LEAST) * self._part

    def heard(self, loudness: int, noise: int) -> None:
        """This came, and was not loud: ``mulaw.level`` of it, and of the line's noise."""
        if self._silent_frames > FRAMES or self._peak < TELLING:
            return
        audible = loudness >= noise + AUDIBLE_OVER_NOISE
        self._recent.append(self._parts_of(AMPLITUDES[loudness] - AMPLITUDES[noise]) if audible else None)
        if len(self._recent) > JUDGED_AFTER:
            self._learn(self._recent.popleft())

    def _parts_of(self, came: float) -> list[float]:
        played = list(self._played)
        return [
            came / self._peak,
            *(came / (max(played[first:end]) + LEAST) for first, end in _WINDOWS),
        ]

    def forget_recent(self) -> None:
        """Somebody speaks: what came just before may have been they."""
        self._recent.clear()

    def doubt(self) -> None:
        """Somebody seemed to speak and did not: perhaps the echo is another than was learnt."""
        self._most = DOUBTED_LINE
        self._near_after *= 2
        self._learn_anew()

    def _learn(self, parts: list[float] | None) -> None:
        if self._count >= KEPT:
            self._before, self._current, self._count = self._current, [0.0] * len(self._current), 0
        self._count += 1
        self._known += 1
        if parts is not None:
            self._audible += 1
            self._current = [max(pair) for pair in zip(self._current, parts, strict=True)]
        if self._known >= KNOWN_AFTER and self._count % CHOSEN_EVERY == 0:
            self._choose()

    def _choose(self) -> None:
        """The window that predicts best, or the whole past while no delay is known."""
        whole, *near = [max(pair) for pair in zip(self._before, self._current, strict=True)]
        best = min(near)
        if self._audible >= self._near_after and best <= 1.5 * whole:
            self._window, part = _WINDOWS[near.index(best)], best
        else:
            self._window, part = None, whole
        self._part = min(self._most, part * HEADROOM)
