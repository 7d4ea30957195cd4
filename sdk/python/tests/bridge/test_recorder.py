"""Our own recording: both sides by media time."""

from __future__ import annotations

import random

from patter.bridge.recorder import Recorder
from patter.bridge.records import RecordingSegment

MS = 8
SILENCE = b"\xff"


def whole(segments: list[RecordingSegment]) -> tuple[bytes, bytes]:
    assert all(len(segment.caller) == len(segment.agent) for segment in segments)
    assert [segment.index for segment in segments] == list(range(len(segments)))
    start = 0
    for segment in segments:
        assert segment.start_ms == start
        start += len(segment.caller) // MS
    return b"".join(s.caller for s in segments), b"".join(s.agent for s in segments)


def test_both_sides_lie_where_they_were() -> None:
    recorder = Recorder()
    recorder.caller(b"a" * 160, 0)
    recorder.caller(b"b" * 160, 100)
    recorder.agent(b"x" * 800, 400)
    caller, agent = whole(recorder.finish())
    assert caller[100 * MS :].startswith(b"b" * 160)
    assert caller[20 * MS : 100 * MS] == SILENCE * 640
    assert agent == SILENCE * 2400 + b"x" * 800


def test_a_frame_that_comes_twice_is_there_once() -> None:
    recorder = Recorder()
    for ms in (0, 20, 40, 60, 0, 20, 80):
        recorder.caller(bytes([ms]) * 160, ms)
    caller, _ = whole(recorder.finish())
    assert caller == b"".join(bytes([ms]) * 160 for ms in (0, 20, 40, 60, 80))


def test_heard_audio_is_never_lost_where_it_overlaps() -> None:
    recorder = Recorder()
    recorder.agent(b"x" * 1600, 300)
    recorder.agent(b"y" * 1600, 400)
    assert whole(recorder.finish())[1] == SILENCE * 800 + b"x" * 1600 + b"y" * 1600


def test_segments_are_15_s_and_the_last_is_what_is_left() -> None:
    recorder, segments = Recorder(), []
    for ms in range(0, 75_000, 20):
        recorder.caller(b"a" * 160, ms)
        segments += recorder.take_due()
    assert len(segments) == 4
    segments += recorder.finish()
    assert [len(segment.caller) // MS for segment in segments] == [15_000] * 5
    assert whole(segments)[0] == b"a" * (75_000 * MS)


def test_a_caller_whose_line_sends_nothing_still_gives_segments() -> None:
    recorder = Recorder()
    for end_ms in range(200, 70_000, 200):
        recorder.agent(b"x" * 1600, end_ms)
    segments = recorder.take_due()
    assert [len(segment.agent) // MS for segment in segments] == [15_000] * 4
    segments += recorder.finish()
    assert set(whole(segments)[0]) == {0xFF}


def test_nothing_at_all_is_no_segment() -> None:
    assert Recorder().finish() == []


def test_thirty_minutes_of_jitter_and_loss_drift_no_more_than_40_ms() -> None:
    rng = random.Random(7)
    recorder, segments = Recorder(), []
    beats = list(range(0, 30 * 60_000, 5_000))
    for ms in range(0, 30 * 60_000, 20):
        beat = ms in beats or ms % 5_000 == 0
        if beat or rng.random() > 0.02:  # two frames in a hundred never come
            recorder.caller((b"B" if beat else b".") * 160, ms + rng.choice([0, 0, 1, -1]) * (ms > 0))
        if ms % 5_000 == 400:  # 200 ms of the agent's voice on the same beat, confirmed with jitter
            start = ms - 400
            recorder.agent(b"A" * 1600, start + 200 + rng.randint(0, 15))
            recorder.agent(b"a" * 1600, start + 400 + rng.randint(0, 15))
        segments += recorder.take_due()
    caller, agent = whole(segments + recorder.finish())
    for beat_ms in beats:
        near = max(0, beat_ms - 100) * MS
        heard, said = caller.index(b"B" * 8, near), agent.index(b"A" * 8, near)
        assert abs(heard - said) <= 40 * MS, beat_ms
        assert abs(heard - beat_ms * MS) <= 40 * MS
