"""Our own recording: both sides by media time."""

from __future__ import annotations

from patter.bridge.recorder import Recorder
from patter.bridge.records import RecordingPiece

MS = 8
SILENCE = b"\xff"


def whole(pieces: list[RecordingPiece]) -> tuple[bytes, bytes]:
    assert all(len(piece.caller) == len(piece.agent) for piece in pieces)
    start = 0
    for piece in pieces:
        assert piece.start_ms == start
        start += len(piece.caller) // MS
    return b"".join(p.caller for p in pieces), b"".join(p.agent for p in pieces)


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


def test_pieces_are_2_s_and_the_last_is_what_is_left() -> None:
    recorder, pieces = Recorder(), []
    for ms in range(0, 31_000, 20):
        recorder.caller(b"a" * 160, ms)
        pieces += recorder.take_due()
    assert len(pieces) == 14
    pieces += recorder.finish()
    assert [len(piece.caller) // MS for piece in pieces] == [2_000] * 15 + [1_000]
    assert whole(pieces)[0] == b"a" * (31_000 * MS)


def test_a_caller_whose_line_sends_nothing_still_gives_pieces() -> None:
    recorder = Recorder()
    for end_ms in range(200, 30_000, 200):
        recorder.agent(b"x" * 1600, end_ms)
    pieces = recorder.take_due()
    assert [len(piece.agent) // MS for piece in pieces] == [2_000] * 13
    pieces += recorder.finish()
    assert set(whole(pieces)[0]) == {0xFF}


def test_nothing_at_all_is_no_piece() -> None:
    assert Recorder().finish() == []


def test_frames_that_are_a_little_off_follow_each_other_until_that_goes_on() -> None:
    recorder = Recorder()
    for number in range(100):
        recorder.caller(b"a" * 160, number * 20 + (number % 2) * 3)
    for number in range(100, 140):
        recorder.caller(b"b" * 160, number * 20 + 10)
    caller, _ = whole(recorder.finish())
    assert caller[: 2000 * MS] == b"a" * (2000 * MS)
    assert caller[2000 * MS : 2480 * MS] == b"b" * (480 * MS)
    assert caller[2480 * MS : 2490 * MS] == SILENCE * (10 * MS)
    assert len(caller) == 2810 * MS


def test_a_lost_frame_is_a_gap() -> None:
    recorder = Recorder()
    for number in (0, 1, 3):
        recorder.caller(b"a" * 160, number * 20)
    assert whole(recorder.finish())[0] == b"a" * 320 + SILENCE * 160 + b"a" * 160
