"""Pieces of 2 s become segments of 30 s, outside of memory."""

import pytest

from calls.services.spool import MOST_UNSTORED_MS, PHASES, Spool, phase_ms
from patter.audio.wav import interleave
from patter.bridge.recorder import PIECE_BYTES, PIECE_MS
from patter.bridge.records import RecordingPiece


def piece(number):
    side = bytes([number]) * PIECE_BYTES
    return RecordingPiece(number * PIECE_MS, side, side)


def stereo(*numbers):
    return b"".join(interleave(piece(number).caller, piece(number).agent) for number in numbers)


SILENT = b"\xff" * len(stereo(0))


def call_with_phase(pieces):
    return next(name for name in map(str, range(100)) if phase_ms(name) == pieces * PIECE_MS)


A, B = call_with_phase(0), call_with_phase(1)


@pytest.fixture
def spool():
    spool = Spool()
    yield spool
    for call in (*map(call_with_phase, range(PHASES)), *CALLS):
        spool.forget(call)


CALLS = [f"call_{index}" for index in range(60)]


def stored(spool, call, numbers, take=Spool.whole):
    """The segments that these pieces make whole, stored at once."""
    segments = []
    for number in numbers:
        spool.add(call, piece(number))
        while (segment := take(spool, call)) is not None:
            segments.append((segment.index, segment.stereo))
            spool.done(call, segment)
    return segments


def test_fifteen_pieces_are_one_segment_and_what_is_left_is_the_last(spool):
    assert stored(spool, A, range(14)) == []
    assert stored(spool, A, [14]) == [(0, stereo(*range(15)))]
    assert stored(spool, A, [15]) == []
    assert (spool.rest(A).index, spool.rest(A).stereo) == (1, stereo(15))
    spool.forget(A)
    assert spool.rest(A) is None and spool.whole(A) is None


def test_a_piece_that_is_repeated_changes_nothing(spool):
    assert stored(spool, A, [0, 1, 1, 0, *range(2, 14)]) == []
    spool.add(A, piece(14))
    whole = spool.whole(A)
    spool.add(A, piece(14))
    assert spool.whole(A) == whole  # it could not be stored, and is tried again
    spool.done(A, whole)
    spool.done(A, whole)
    spool.add(A, piece(4))
    assert spool.whole(A) is None and spool.rest(A) is None


def test_a_piece_that_got_lost_is_silence_and_all_others_stay_where_they_were(spool):
    assert stored(spool, A, [0, *range(2, 14)]) == []
    first = stereo(0) + SILENT + stereo(*range(2, 14)) + SILENT
    assert stored(spool, A, [31]) == [(0, first), (1, SILENT * 15)]
    assert (spool.rest(A).index, spool.rest(A).stereo) == (2, SILENT + stereo(31))


def test_segments_that_cannot_be_stored_wait_for_each_other(spool):
    for number in range(35):
        spool.add(A, piece(number))
    assert spool.whole(A).index == 0
    rest = stored(spool, A, [35], take=Spool.rest)
    assert [index for index, _ in rest] == [0, 1, 2]
    assert b"".join(segment for _, segment in rest) == stereo(*range(36))


def test_of_a_call_that_cannot_be_stored_there_is_a_most(spool):
    spool.add(A, piece(0))
    spool.add(A, RecordingPiece(MOST_UNSTORED_MS, b"", b""))
    assert spool.whole(A) is None
    spool.add(A, RecordingPiece(MOST_UNSTORED_MS - PIECE_MS, b"", b""))
    assert spool.whole(A) is not None


def test_calls_do_not_mix(spool):
    spool.add(A, piece(0))
    spool.add(B, piece(1))
    assert spool.rest(A).stereo == stereo(0)
    assert spool.rest("c") is None


@pytest.mark.parametrize("phase", range(1, PHASES))
def test_the_first_segment_is_shorter_by_the_phase_and_none_of_it_is_missing(spool, phase):
    call = call_with_phase(phase)
    segments = stored(spool, call, range(45))
    segments.append((spool.rest(call).index, spool.rest(call).stereo))
    assert [index for index, _ in segments] == [0, 1, 2, 3]
    assert segments[0][1] == stereo(*range(PHASES - phase))
    assert b"".join(segment for _, segment in segments) == stereo(*range(45))


def test_calls_that_began_together_store_their_segments_in_turn(spool):
    at_once = [sum(len(stored(spool, call, [number])) for call in CALLS) for number in range(2 * PHASES)]
    assert sum(at_once) >= len(CALLS) and max(at_once) < 25
