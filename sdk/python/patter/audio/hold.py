"""Music for a caller who waits: soft broken chords, made here so that nobody else's recording is needed."""

from __future__ import annotations

import math
from array import array
from functools import cache

from patter.audio.frames import SAMPLE_RATE_HZ
from patter.audio.mulaw import from_pcm16
from patter.audio.wav import write_pcm16

CHORDS_HZ = (
    (261.63, 329.63, 392.00),
    (220.00, 261.63, 329.63),
    (174.61, 220.00, 261.63),
    (196.00, 246.94, 293.66),
)
NOTE_S = 0.5
NOTES_PER_CHORD = 4
PEAK = 4500
"""About -17 dBFS: below a voice."""


@cache
def hold_music() -> bytes:
    """Eight seconds as a WAV file, made to be looped."""
    sound = b"".join(
        _note(chord[step % len(chord)]) for chord in CHORDS_HZ for step in range(NOTES_PER_CHORD)
    )
    return write_pcm16(sound, sound)


def _note(hz: float) -> bytes:
    """One plucked note; it has died away before the next begins, so nothing clicks."""
    count = int(NOTE_S * SAMPLE_RATE_HZ)
    step = 2 * math.pi * hz / SAMPLE_RATE_HZ
    samples = array("h", (_sample(step, at, count) for at in range(count)))
    return from_pcm16(samples.tobytes())


def _sample(step: float, at: int, count: int) -> int:
    attack, decay = min(1.0, at / 80), (1 - at / count) ** 2
    return int(PEAK * attack * decay * (math.sin(step * at) + 0.3 * math.sin(2 * step * at)) / 1.3)
