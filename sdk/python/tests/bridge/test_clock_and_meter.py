"""Media time, and what was used."""

from __future__ import annotations

from patter.bridge.clock import MediaClock
from patter.bridge.commands import Clear, SttAudio, TtsSay
from patter.bridge.events import HangUpDone, LlmDone
from patter.bridge.meter import Meter


def test_time_begins_with_the_first_stream_and_runs_between_frames() -> None:
    clock = MediaClock()
    assert clock.ms(50.0) == 0
    clock.open(100.0)
    assert clock.frame(0, 20, 100.02) == 0
    assert clock.ms(100.02) == 20
    assert clock.ms(100.12) == 120
    assert clock.ms(90.0) == 20


def test_an_older_frame_does_not_set_it_back() -> None:
    clock = MediaClock()
    clock.open(0.0)
    clock.frame(1000, 20, 1.0)
    assert clock.frame(980, 20, 1.0) == 980
    assert clock.ms(1.0) == 1020


def test_a_second_stream_goes_on_where_the_first_was() -> None:
    clock = MediaClock()
    clock.open(0.0)
    clock.frame(980, 20, 1.0)
    clock.open(3.0)
    assert clock.frame(0, 20, 3.0) == 3000


def test_nonsense_does_not_move_it() -> None:
    clock = MediaClock()
    clock.open(0.0)
    clock.frame(0, 20, 0.02)
    assert clock.frame(10**12, 20, 0.04) == 20
    assert clock.ms(0.04) == 40
    assert clock.frame(10**12 + 20, 20, 0.06) == 40
    assert clock.frame(0, 20, 0.08) == 60, "a carrier that counts from nought again"
    assert clock.ms(0.08) == 80


def test_a_carrier_that_counts_anew_after_seconds_is_noticed_at_its_third_frame() -> None:
    clock = MediaClock()
    clock.open(0.0)
    clock.frame(3000, 20, 3.02)
    assert [clock.frame(ms, 20, 3.04 + ms / 1000) for ms in (0, 20, 40, 60)] == [0, 20, 3060, 3080]
    assert clock.ms(3.1) == 3100


def test_single_frames_of_long_ago_do_not_set_it_back() -> None:
    clock = MediaClock()
    clock.open(0.0)
    for ms in range(3000, 3400, 40):
        assert clock.frame(ms, 20, ms / 1000) == ms
        assert clock.frame(ms - 2000, 20, ms / 1000) == ms - 2000


def test_a_burst_after_a_gap_keeps_the_times_of_its_frames() -> None:
    clock = MediaClock()
    clock.open(0.0)
    clock.frame(0, 20, 0.02)
    assert [clock.frame(ms, 20, 3.0) for ms in range(20, 2980, 20)] == list(range(20, 2980, 20))
    assert clock.ms(3.0) == 2980


def test_the_meter_adds_up() -> None:
    meter = Meter()
    for command in (SttAudio("stt1", b"x" * 160), SttAudio("stt1", b"x" * 80), TtsSay("s", "Hello"), Clear()):
        meter.count_command(command)
    for event in (LlmDone("a", {"tokens": 7}), LlmDone("b", {"tokens": 3, "cached_tokens": 1}), HangUpDone()):
        meter.count_event(event)
    assert meter.usage() == {"stt_ms": 30, "tts_characters": 5, "llm_tokens": 10, "llm_cached_tokens": 1}
