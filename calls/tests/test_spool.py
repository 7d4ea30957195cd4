"""Pieces of 5 s become segments of 30 s, outside of memory."""

from calls.services.spool import Spool
from patter.audio.wav import interleave
from patter.bridge.records import RecordingPiece


def piece(number, seconds=5):
    side = bytes([number]) * (seconds * 8000)
    return RecordingPiece(number * 5000, side, side)


def stereo(*numbers):
    return b"".join(interleave(piece(number).caller, piece(number).agent) for number in numbers)


def test_six_pieces_are_one_segment_and_what_is_left_is_the_last():
    spool = Spool()
    assert [spool.add("a", piece(number)) for number in range(5)] == [None] * 5
    whole = spool.add("a", piece(5))
    assert (whole.index, whole.stereo) == (0, stereo(*range(6)))
    spool.done("a", whole)
    assert spool.add("a", piece(6)) is None
    assert (spool.rest("a").index, spool.rest("a").stereo) == (1, stereo(6))
    spool.forget("a")
    assert spool.rest("a") is None


def test_pieces_that_come_again_change_nothing():
    spool = Spool()
    for number in (0, 1, 1, 0, 2, 3, 4):
        assert spool.add("a", piece(number)) is None
    whole = spool.add("a", piece(5))
    assert spool.add("a", piece(5)) == whole  # it could not be stored, and is tried again
    spool.done("a", whole)
    spool.done("a", whole)
    assert spool.add("a", piece(4)) is None and spool.rest("a") is None
    spool.forget("a")


def test_a_segment_that_was_never_stored_does_not_hold_up_the_next():
    spool = Spool()
    for number in range(7):
        spool.add("a", piece(number))
    assert (spool.rest("a").index, spool.rest("a").stereo) == (1, stereo(6))
    spool.forget("a")


def test_calls_do_not_mix_and_nothing_is_left_of_a_call_without_sound():
    spool = Spool()
    spool.add("a", piece(0))
    spool.add("b", piece(1))
    assert spool.rest("a").stereo == stereo(0)
    assert spool.rest("c") is None
    spool.forget("a"), spool.forget("b"), spool.forget("c")
