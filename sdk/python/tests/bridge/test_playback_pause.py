"""Neither carrier can pause: playback keeps the reply and goes on from a place that was heard."""

from __future__ import annotations

from patter.bridge.commands import Clear, Play
from patter.bridge.playback import Playback
from patter.testing.sound import audio, begun, marks, played_ms, run


def chunks(*ms: int) -> Playback:
    book = begun()
    for length in ms:
        book.add(audio(length), 0.0)
        book.end_chunk(0.0)
    return book


def test_a_pause_clears_and_stands_still() -> None:
    book = chunks(3000)
    assert book.pause(0.3) == [Clear()]
    assert book.paused
    assert book.heard_ms(9.0) == 300
    assert book.next_timer() is None
    assert book.now_playing(0.4) == b""
    assert book.add(audio(500), 1.0) == []
    assert book.resume(1.0)
    assert not book.paused


def test_it_goes_on_from_a_boundary_at_most_300_ms_back() -> None:
    for heard_ms, start_ms in [(300, 240), (500, 240), (540, 240), (541, 540), (580, 580), (590, 580)]:
        book = chunks(240, 2000)
        run(book, heard_ms / 1000)
        book.pause(heard_ms / 1000)
        book.resume(2.0)
        assert book.heard_ms(2.0) == start_ms, heard_ms
        assert 0 <= heard_ms - start_ms <= 300


def test_a_boundary_off_the_grid_is_never_more_than_300_ms_back() -> None:
    book = chunks(250, 2000)  # its frame begins at 240
    run(book, 0.545)
    book.pause(0.545)
    book.resume(2.0)
    assert book.heard_ms(2.0) == 540


def test_twice() -> None:
    book = chunks(3000)
    for now in (0.3, 1.3):
        book.pause(now)
        assert played_ms(book.resume(now + 0.7)) == 500
    assert book.heard_ms(2.1) == 300 + 300 + 100


def test_marks_of_before_the_pause_prove_nothing() -> None:
    book = begun()
    names = marks(book.add(audio(3000), 0.0))
    book.pause(0.1)
    book.resume(1.0)
    book.mark_played(names[1], 1.1)
    assert book.heard_ms(1.1) == 200


def test_a_cut_while_paused_clears_no_second_time() -> None:
    book = chunks(3000)
    book.pause(0.3)
    assert book.cut(5.0) == (300, [])


def test_the_end_may_come_while_paused() -> None:
    book = chunks(400)
    book.pause(0.3)
    assert book.close(0.5) == []
    assert not book.take_finished()
    commands = book.resume(1.0)
    assert played_ms(commands) == 100
    book.mark_played(marks(commands)[-1], 1.1)
    assert book.take_finished()


def test_a_reply_that_was_heard_whole_before_the_pause_is_over_when_it_goes_on() -> None:
    book = chunks(400)
    book.pause(0.5)
    book.close(0.6)
    assert book.resume(1.0) == []
    assert book.take_finished()


def test_what_is_said_twice_is_recorded_twice() -> None:
    book = chunks(240, 2000)
    book.pause(0.4)
    commands = book.resume(2.0)
    book.mark_played(marks(commands)[0], 2.2)
    lengths = [(len(heard.payload) // 8, heard.ended_at) for heard in book.take_heard()]
    assert lengths[0] == (400, 0.4)
    assert lengths[1][1] == 2.2


def test_without_a_line_nothing_is_sent_and_nothing_heard() -> None:
    book = chunks(3000)
    book.hold(0.3)
    assert book.heard_ms(9.0) == 300
    assert book.next_timer() is None
    book.hold(4.0)
    assert any(isinstance(command, Play) for command in book.release(5.0))
    assert book.release(5.0) == []
    assert book.heard_ms(5.1) == 400


def test_a_reply_that_begins_without_a_line_waits_for_one() -> None:
    book = Playback()
    book.hold(0.0)
    book.begin()
    assert book.add(audio(600), 1.0) == book.close(1.0) == []
    assert not book.take_finished()
    assert played_ms(book.release(2.0)) == 500


def test_a_paused_reply_stays_paused_when_the_line_comes_back() -> None:
    book = chunks(3000)
    book.pause(0.3)
    book.hold(0.4)
    assert book.resume(0.5) == []
    assert book.release(0.6)
    book.pause(0.7)
    book.hold(0.8)
    assert book.release(0.9) == []
    assert book.paused
