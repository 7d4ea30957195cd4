"""When does somebody speak? Each test is a short piece of a line, in frames of 20 ms."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from patter.audio.mulaw import from_pcm16, level
from patter.audio.voice import Edge, VoiceDetector


def noise(ms: int, dbfs: float, seed: int = 1) -> bytes:
    samples = np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), ms * 8)
    return from_pcm16(samples.clip(-32768, 32767).astype("<i2").tobytes())


def edges(line: bytes, detector: VoiceDetector | None = None) -> list[Edge]:
    detector = detector or VoiceDetector()
    found = [detector.feed(line[at : at + 160], at // 8) for at in range(0, len(line), 160)]
    return [edge for edge in found if edge]


def test_voice_begins_and_ends_where_it_really_did() -> None:
    line = noise(500, -60) + noise(400, -20) + noise(500, -60)
    assert edges(line) == [Edge(True, 500), Edge(False, 900)]


def test_digital_silence_is_a_line_too() -> None:
    line = b"\xff" * 4000 + noise(400, -30) + b"\xff" * 4000
    assert edges(line) == [Edge(True, 500), Edge(False, 900)]


def test_a_click_is_no_voice() -> None:
    assert edges(noise(500, -60) + noise(40, -10) + noise(500, -60)) == []


def test_two_clicks_far_apart_are_no_voice() -> None:
    click = noise(40, -10) + noise(300, -60)
    assert edges(noise(500, -60) + click * 4) == []


def test_a_short_pause_does_not_end_the_voice() -> None:
    line = noise(500, -60) + (noise(300, -20) + noise(140, -60)) * 3 + noise(500, -60)
    assert [edge.voiced for edge in edges(line)] == [True, False]


def test_a_noisy_line_is_not_voice_but_speech_over_it_is() -> None:
    line = noise(1000, -35) + noise(600, -15) + noise(600, -35)
    assert edges(line) == [Edge(True, 1000), Edge(False, 1600)]


def test_noise_that_starts_in_a_call_is_learnt() -> None:
    found = edges(noise(2500, -60) + noise(4000, -32))
    assert not found or (not found[-1].voiced and found[-1].at_ms < 2500 + 2200)


def test_the_times_are_adjustable() -> None:
    line = noise(500, -60) + noise(100, -20) + noise(350, -60)
    assert edges(line, VoiceDetector(min_voiced_ms=160)) == []
    assert edges(line, VoiceDetector(hangover_ms=400)) == [Edge(True, 500)]


def test_a_gap_in_the_media_is_silence() -> None:
    detector = VoiceDetector()
    assert edges(noise(500, -60) + noise(200, -20), detector) == [Edge(True, 500)]
    assert detector.feed(noise(20, -60), 5000) == Edge(False, 700)


def test_an_echo_of_what_is_played_is_no_voice() -> None:
    def heard(played: bytes, back: bytes) -> list[Edge]:
        detector = VoiceDetector()
        edges(noise(400, -60), detector)
        found = []
        for at in range(0, len(back), 160):
            detector.note_playback(level(played[at : at + 160]))
            found.append(detector.feed(back[at : at + 160], 400 + at // 8))
        return [edge for edge in found if edge]

    played = noise(800, -18)
    assert heard(played, noise(800, -32)) == []
    assert heard(played, noise(800, -16))[0].voiced


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(-70, -5)), max_size=12))
def test_edges_alternate_and_never_go_back(parts: list[tuple[int, int]]) -> None:
    found = edges(b"".join(noise(20 * frames, dbfs) for frames, dbfs in parts))
    assert [edge.voiced for edge in found] == [index % 2 == 0 for index in range(len(found))]
    times = [edge.at_ms for edge in found]
    assert times == sorted(times)
