"""Our own voice comes back: it never stops us, and a caller over it does within three frames.

Speech here is syllables of noise, as loud and as uneven as a voice on the phone; every line is repeatable.
"""

import copy

import numpy as np
import pytest

from patter.audio.echo_return import DOUBTED_LINE, UNKNOWN_LINE, EchoReturn
from patter.audio.mulaw import from_pcm16, level
from patter.audio.voice import VoiceDetector

FRAME_MS = 20
QUICK_MS = 40
"""``min_voiced_ms`` and ``barge_in_pause_ms`` of the preset that pauses soonest."""
LINES = [  # echo in dB or none, its delay in ms, noise in dBFS
    *((None, 0, noise) for noise in (-60, -45)),
    *((-20, delay, -45) for delay in (0, 60, 130, 250, 390)),
    *((echo, delay, -50) for echo in (-14, -26) for delay in (70, 240)),
]


def speech(ms: int, seed: int, peak_dbfs: float = -14) -> np.ndarray:
    """Syllables of 120 to 260 ms between -16 dB and none under the peak, and a pause after some of them."""
    rng = np.random.default_rng(seed)
    pieces, length = [], 0
    while length < ms * 8:
        size = int(rng.integers(120, 260)) * 8
        loud = 10 ** ((peak_dbfs - rng.uniform(0, 16)) / 20) * 32768
        swell = np.minimum(1, np.minimum(np.arange(size), np.arange(size)[::-1]) / 160 + 0.25)
        pieces.append(rng.normal(0, loud, size) * swell)
        pieces.append(np.zeros(int(rng.choice([0, 40, 60, 400], p=[0.5, 0.2, 0.2, 0.1])) * 8))
        length += len(pieces[-2]) + len(pieces[-1])
    return np.concatenate(pieces)[: ms * 8]


def encoded(samples: np.ndarray) -> list[bytes]:
    payload = from_pcm16(samples.clip(-32768, 32767).astype("<i2").tobytes())
    return [payload[at : at + 160] for at in range(0, len(payload), 160)]


class Line:
    """What the agent plays, and what of it and of the line's noise comes in meanwhile."""

    def __init__(self, ms: int, echo_db: float | None, delay_ms: int, noise_dbfs: float) -> None:
        played = speech(ms, seed=2)
        self.loudness = [level(frame) for frame in encoded(played)]
        self.comes = np.random.default_rng(3).normal(0, 32768 * 10 ** (noise_dbfs / 20), len(played))
        if echo_db is not None:
            back = played[: len(played) - delay_ms * 8] * 10 ** (echo_db / 20)
            self.comes[delay_ms * 8 :] += back
        self.frames = encoded(self.comes)

    def voices(self, detector: VoiceDetector) -> int:
        """How often somebody seems to speak, though nobody does."""
        found = 0
        for at, frame in enumerate(self.frames):
            edge = self._hear(detector, at, frame)
            found += edge is not None and edge.voiced
            if edge is not None and not edge.voiced:
                detector.doubt_echo()
        return found

    def noticed_ms(self, caller: np.ndarray, starts_ms: range) -> list[int]:
        """How long after its first frame the caller's voice is noticed, at each of these places."""
        detector, took = VoiceDetector(min_voiced_ms=QUICK_MS), []
        for at, frame in enumerate(self.frames[: starts_ms[-1] // FRAME_MS + 1]):
            if at * FRAME_MS in starts_ms:
                took.append(self._noticed_ms(copy.deepcopy(detector), at, caller))
            self._hear(detector, at, frame)
        return took

    def _noticed_ms(self, detector: VoiceDetector, at: int, caller: np.ndarray) -> int:
        over = encoded(self.comes[at * 160 : at * 160 + len(caller)] + caller)
        for number, frame in enumerate(over, 1):
            if self._hear(detector, at + number - 1, frame) is not None or detector.voiced:
                return number * FRAME_MS
        return 9999

    def _hear(self, detector: VoiceDetector, at: int, frame: bytes):
        if self.loudness[at]:
            detector.note_playback(self.loudness[at])
        return detector.feed(frame, at * FRAME_MS)


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_caller_is_noticed_in_60_ms_wherever_they_begin_and_whatever_comes_back(line) -> None:
    for dbfs in (-16, -22):
        caller = np.random.default_rng(5).normal(0, 32768 * 10 ** (dbfs / 20), 4800)
        took = Line(9_000, *line).noticed_ms(caller, range(4_000, 7_000, 60))
        assert np.percentile(took, 95) <= 60


@pytest.mark.parametrize("line", LINES[1::2], ids=str)
def test_five_minutes_of_our_own_voice_are_nobody_s(line) -> None:
    assert Line(300_000, *line).voices(VoiceDetector(min_voiced_ms=QUICK_MS)) <= 1


def test_an_echo_that_grows_stops_us_twice_at_most() -> None:
    """The caller switches their loudspeaker on: what was learnt is forgotten after the first pause."""
    detector = VoiceDetector(min_voiced_ms=QUICK_MS)
    assert Line(10_000, -30, 120, -50).voices(detector) == 0
    assert 1 <= Line(120_000, -12, 120, -50).voices(detector) <= 2


def test_a_line_without_echo_expects_none_after_a_second() -> None:
    echo = EchoReturn()
    expected = []
    for _ in range(150):
        echo.played(150)
        expected.append(echo.expect(FRAME_MS))
        echo.heard(20, 20)
    assert expected[0] > 0 and expected[-1] == 0


def test_nothing_is_expected_in_silence() -> None:
    echo = EchoReturn()
    assert echo.expect(FRAME_MS) == 0
    echo.played(150)
    assert echo.expect(60) > 0
    assert [bool(echo.expect(FRAME_MS)) for _ in range(30)] == [True] * 23 + [False] * 7


def test_what_comes_just_before_a_voice_is_not_learnt_as_echo() -> None:
    def learnt(then: str) -> float:
        echo = EchoReturn()
        for at in range(400):
            echo.played(150)
            expected = echo.expect(FRAME_MS)
            if at % 50 == 40:  # the first, quiet frame of a word
                echo.heard(100, 20)
                getattr(echo, then)()
            else:
                echo.heard(20, 20)
        return expected

    assert learnt("forget_recent") == 0 < learnt("_choose")


def test_a_doubted_line_is_taken_for_a_worse_one() -> None:
    echo = EchoReturn()
    echo.played(150)
    before = echo.expect(FRAME_MS)
    echo.doubt()
    echo.played(150)
    assert echo.expect(FRAME_MS) == pytest.approx(before * DOUBTED_LINE / UNKNOWN_LINE)
