"""Sent is not heard: what marks prove, what the clock may guess, what a clear makes worthless."""

from __future__ import annotations

import pytest

from patter.bridge.playback import BACK_BYTES, FRAME_BYTES, KEEP_BYTES
from patter.testing.sound import audio, begun, marks, run


@pytest.mark.parametrize(
    ("now", "heard"),
    [(1.2, 200), (1.25, 250), (1.49, 490), (1.6, 500), (9.0, 500)],
)
def test_heard_is_the_last_mark_and_the_time_since_never_more_than_was_sent(now: float, heard: int) -> None:
    book = begun()
    names = marks(book.add(audio(3000), 1.0))
    book.mark_played(names[0], 1.2)
    assert book.cut(now)[0] == heard


def test_a_mark_that_comes_late_holds_heard_back() -> None:
    book = begun()
    names = marks(book.add(audio(500), 1.0))
    book.mark_played(names[0], 1.4)
    assert book.heard_ms(1.45) == 250


def test_a_mark_echoed_after_a_cut_proves_nothing() -> None:
    book = begun()
    names = marks(book.add(audio(450), 0.0))
    book.cut(0.1)
    book.begin()
    book.mark_played(names[0], 0.2)
    assert book.heard_ms(0.2) == 0
    assert sum(len(heard.payload) for heard in book.take_heard()) == 100 * 8


def test_a_late_mark_of_an_older_reply_does_not_end_the_new_one() -> None:
    book = begun()
    (_, last) = marks([*book.add(audio(400), 0.0), *book.close(0.0)])
    book.cut(0.1)
    book.begin()
    book.add(audio(400), 0.2)
    book.close(0.2)
    book.mark_played(last, 0.3)
    assert not book.take_finished()
    assert book.active


def test_a_late_mark_after_an_underrun_does_not_set_the_clock_back() -> None:
    book = begun()
    names = marks([*book.add(audio(240), 0.0), *book.end_chunk(0.0)])
    book.add(audio(1000), 1.0)
    assert book.heard_ms(1.3) == 540
    book.mark_played(names[0], 1.3)
    assert book.heard_ms(1.3) == 540


def test_a_reply_that_begins_while_the_carrier_still_plays_counts_from_its_own_beginning() -> None:
    book = begun()
    names = marks([*book.add(audio(400), 0.0), *book.close(0.0)])
    book.mark_played(names[-1], 0.1)  # a carrier that echoes early
    assert book.take_finished()
    book.begin()
    book.add(audio(400), 0.1)
    assert book.heard_ms(0.1) == 0
    assert book.heard_ms(0.5) == 100


def test_an_echo_that_never_comes_ends_the_reply_two_seconds_late() -> None:
    book = begun()
    book.add(audio(1000), 0.0)
    book.close(0.0)
    run(book, 2.9)
    assert not book.take_finished()
    run(book, 3.1)
    assert book.take_finished()
    assert sum(len(heard.payload) for heard in book.take_heard()) == 8000


def test_a_long_reply_is_forgotten_as_it_is_heard_with_and_without_echoes() -> None:
    for echoes in (True, False):
        book, now = begun(), 0.0
        while now < 120:
            names = marks(book.add(audio(20), now))
            now += 0.02
            for name in names if echoes else ():
                book.mark_played(name, now)
            run(book, now, now)
            book.end_chunk(now)
        assert len(book._audio) < 8 * 3000
        assert len(book._marks) < 150
        assert len(book._boundaries) < 200
        assert book.heard_ms(now) == pytest.approx(120_000, abs=40)


def test_jitter_of_echoes_does_not_tear_what_was_heard() -> None:
    book = begun()
    names = marks(book.add(audio(500), 0.0))
    book.mark_played(names[0], 0.23)
    book.mark_played(names[1], 0.55)
    first, second = book.take_heard()
    assert second.ended_at == pytest.approx(first.ended_at + 0.2)
    assert second.ended_at == pytest.approx(0.43)


def test_what_is_playing_now_is_known_for_the_echo_of_it() -> None:
    book = begun()
    assert book.now_playing(0.0) == b""
    book.add(bytes(range(250)) * 32, 0.0)
    assert len(book.now_playing(0.1)) == FRAME_BYTES
    assert book.now_playing(0.1)[0] == 800 % 250
    assert book.now_playing(30.0) == b""
    assert KEEP_BYTES >= BACK_BYTES + FRAME_BYTES
